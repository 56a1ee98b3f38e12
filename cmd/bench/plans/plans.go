// Package plans has the plans that bench knows by name. Each is a commented YAML file of this
// folder, called NAME.yaml.
package plans

import (
	"embed"
	"encoding/json"

	"noisebench/protocol"
	"noisebench/protocol/planfile"
	"noisebench/results/bundle"
)

//go:embed *.yaml
var files embed.FS

var all = planfile.Plans{Library: files}

// Names lists the plans of this package.
func Names() []string { return all.Names() }

// Has reports whether this package has a plan of that name.
func Has(name string) bool { return all.Has(name) }

// Text returns the text of a plan of this package or of a file, and what to call it in errors.
func Text(name string) (text []byte, file string, err error) { return all.Text(name) }

// Load reads a plan of this package or of a file, and the one that it extends; see
// [planfile.Plans.Load].
func Load(name string) (protocol.Plan, error) { return all.Load(name) }

// Known returns the plan of this package that has a name, and whether there is one. Bundles may
// claim to be of it, see noisebench/harness/verify.
func Known(name string) (protocol.Plan, bool) {
	if !Has(name) {
		return protocol.Plan{}, false
	}
	plan, err := Load(name)
	if err != nil {
		panic("plans: " + err.Error()) // a test reads all of them
	}
	return plan, true
}

// Find is Load for a plan that may also be named like one of those that were run in a results
// folder, which are looked at last. It returns the plan's text, too.
func Find(name string, saved []*bundle.Saved) (protocol.Plan, []byte, error) {
	text, _, err := Text(name)
	if err == nil {
		plan, err := Load(name)
		return plan, text, err
	}
	for _, s := range saved {
		if s.Plan.Name == name {
			text, err := json.MarshalIndent(s.Plan, "", "  ")
			return s.Plan, text, err
		}
	}
	return protocol.Plan{}, nil, err
}
