package check

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"noisebench/internal/jsondiff"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/protocol/platform"
	"noisebench/results/bundle"
)

// Here is what this machine has to compare a bundle with. Definitions have their Origin and
// Fingerprint, as package noisebench/plugins/catalogue fills them in.
type Here struct {
	BuiltIn Served // what bench itself serves
	Given   Served // what plugins serve that the user named
	// what plugins in the usual places serve, for names that nothing given has; nil: nothing
	Found   func() Served
	Rebuilt bool // plugins of other code are taken for other builds of the same source
}

// Served are definitions, in the order in which they are looked for.
type Served struct {
	Optimizers []protocol.OptimizerDef
	Problems   []protocol.ProblemDef
}

// Found is what this machine has of what a bundle names, by the names of its plan. What it lacks,
// or has in another version, is not in it.
type Found struct {
	Problems   map[string]protocol.ProblemDef
	Optimizers map[string]protocol.OptimizerDef
}

// relation is how the definition that this machine has under a name differs from the bundle's.
type relation int

const (
	absent  relation = iota
	swapped          // a plugin given by the user that is not the bundle's
	changed          // another version
	rebuilt          // the same version, of other code or computing other bits
	same             // the same code, computing the same bits
)

// made is a bundle's description of the code of a definition.
type made struct {
	kind, name, version string
	origin              protocol.Origin
	prints              map[string]string // fingerprints, by what was measured
}

// candidate is a definition that is here.
type candidate[D any] struct {
	name, version string
	origin        protocol.Origin
	def           D
}

func optimizers(s Served) (all []candidate[protocol.OptimizerDef]) {
	for _, d := range s.Optimizers {
		all = append(all, candidate[protocol.OptimizerDef]{d.Name, d.Version, d.Origin, d})
	}
	return all
}

func problems(s Served) (all []candidate[protocol.ProblemDef]) {
	for _, d := range s.Problems {
		all = append(all, candidate[protocol.ProblemDef]{d.Name, d.Version, d.Origin, d})
	}
	return all
}

// nearest finds the definition that is nearest to one that made a bundle's runs, and how they
// differ. measure returns the fingerprints here.
func nearest[D any](
	m made, here *Here, of func(Served) []candidate[D], measure func(D) map[string]string,
) (best candidate[D], how relation, differs []string) {
	consider := func(served Served, given bool) {
		for _, c := range of(served) {
			if c.name != m.name {
				continue
			}
			r := changed
			var why []string
			if c.version == m.version || given {
				why = m.differences(c.origin, measure(c.def))
			}
			switch {
			case c.version == m.version && len(why) == 0:
				r = same
			case given && !here.Rebuilt:
				r = swapped
			case c.version == m.version:
				r = rebuilt
			}
			if r > how {
				best, how, differs = c, r, why
			}
		}
	}
	if m.origin.Plugin == protocol.BuiltIn {
		consider(here.BuiltIn, false)
		return best, how, differs
	}
	consider(here.Given, true)
	if how == absent && here.Found != nil {
		if consider(here.Found(), false); how == rebuilt && !here.Rebuilt {
			how = absent // found by chance, not given
		}
	}
	return best, how, differs
}

// differences lists how the code here differs from that of the bundle; empty: no difference is
// known.
func (m *made) differences(here protocol.Origin, prints map[string]string) (texts []string) {
	differ := func(what, there, here string) {
		if there != here {
			texts = append(texts, fmt.Sprintf("%s %s in the bundle, %s here",
				what, cmp.Or(beginning(there), "none"), cmp.Or(beginning(here), "none")))
		}
	}
	if m.origin.Plugin == protocol.BuiltIn {
		here.SHA256 = "" // of contract 1, see below
		if m.origin.SHA256 != "" {
			return []string{fmt.Sprintf("another build, sha256 %.12s", m.origin.SHA256)}
		}
	}
	differ("digest", m.origin.Digest, here.Digest)
	differ("sha256", m.origin.SHA256, here.SHA256)
	if m.origin.Environment != here.Environment {
		there, here := strings.Split(m.origin.Environment, "; "), strings.Split(here.Environment, "; ")
		for _, e := range there {
			if e != "" && !slices.Contains(here, e) {
				texts = append(texts, e+" in the bundle's environment, not here")
			}
		}
		for _, e := range here {
			if e != "" && !slices.Contains(there, e) {
				texts = append(texts, e+" in the environment here, not in the bundle's")
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(m.prints)) {
		if print, ok := prints[what]; ok {
			differ(strings.TrimSpace("fingerprint "+what), m.prints[what], print)
		}
	}
	return texts
}

// beginning is the beginning of a long digest.
func beginning(s string) string {
	if len(s) > 14 {
		return s[:14]
	}
	return s
}

// comparison collects what differs between a bundle and this machine.
type comparison struct {
	compared int
	exact    bool // platform and Go version are those of all runs

	differ, exchanged, unknown, otherVersion, otherData, otherBits []string

	others map[string][]string // names that other code serves here, by the differences
}

// classify records the relation between a definition of the bundle and the one here, and reports
// whether the latter can replace the former.
func (c *comparison) classify(m *made, how relation, differs []string, here string) bool {
	who := fmt.Sprintf("%s %s", m.kind, m.name)
	why := strings.Join(differs, "; ")
	switch how {
	case absent:
		c.unknown = append(c.unknown, fmt.Sprintf("%s, version %s, of %v", who, m.version, m.origin))
	case swapped:
		if m.version != here {
			why = strings.Join(append(differs,
				fmt.Sprintf("version %s in the bundle, %s here", m.version, here)), "; ")
		}
		c.exchanged = append(c.exchanged,
			fmt.Sprintf("%s: the plugin given is not the %s of the records: %s", who, m.origin.Plugin, why))
	case changed:
		c.otherVersion = append(c.otherVersion,
			fmt.Sprintf("%s: version %s in the bundle, %s here", who, m.version, here))
	case rebuilt:
		if m.origin.Plugin == protocol.BuiltIn && m.origin.SHA256 == "" && c.exact {
			c.otherBits = append(c.otherBits, fmt.Sprintf("%s, version %s: %s", who, m.version, why))
		}
		c.others[why] = append(c.others[why], m.name)
	}
	if how >= rebuilt {
		c.compared++
	}
	return how >= rebuilt
}

// Compare compares a bundle's optimizers, problems and data with those of this machine, and adds
// the findings to the report. It returns the definitions that can make runs of the bundle again.
func (x *Checked) Compare(here Here) *Found {
	found := &Found{map[string]protocol.ProblemDef{}, map[string]protocol.OptimizerDef{}}
	c := &comparison{others: map[string][]string{}, exact: x.sameArithmetic()}
	for _, key := range slices.Sorted(maps.Keys(x.Bundle.Definitions.Optimizers)) {
		o := x.Bundle.Definitions.Optimizers[key]
		m := made{"optimizer", o.Name, o.Version, o.Plugin, map[string]string{"": o.Fingerprint}}
		if o.Fingerprint == "" {
			m.prints = nil
		}
		best, how, differs := nearest(m, &here, optimizers, measuredOptimizer)
		if c.classify(&m, how, differs, best.version) {
			c.optimizer(&o, &best.def)
			found.Optimizers[key] = best.def
		}
	}
	for _, key := range slices.Sorted(maps.Keys(x.Bundle.Definitions.Problems)) {
		p := x.Bundle.Definitions.Problems[key]
		m := made{"problem", p.Name, p.Version, p.Plugin, map[string]string{}}
		for i, s := range p.Specs {
			for needs, print := range s.Fingerprints {
				m.prints[measurement(i, needs)] = print
			}
		}
		best, how, differs := nearest(m, &here, problems, func(d protocol.ProblemDef) map[string]string {
			return measuredProblem(&p, &d)
		})
		if c.classify(&m, how, differs, best.version) {
			c.problem(&p, &best.def, x.Bundle.About.Protocol)
			found.Problems[key] = best.def
		}
	}
	x.report(c)
	return found
}

// optimizer compares what the bundle and this machine declare of an optimizer.
func (c *comparison) optimizer(there *bundle.Optimizer, def *protocol.OptimizerDef) {
	here := bundle.DescribeOptimizer(def)
	for _, d := range jsondiff.Differences(there, here, "plugin", "doc", "source", "fingerprint") {
		c.differ = append(c.differ, fmt.Sprintf("optimizer %s: %s", there.Name, d))
	}
}

// problem compares what the bundle and this machine declare of a problem.
func (c *comparison) problem(there *bundle.Problem, def *protocol.ProblemDef, contract int) {
	here := bundle.DescribeProblem(def)
	// What was declared later belongs to no run of before, whose setting leaves it at its default.
	here.Parameters = slices.DeleteFunc(slices.Clone(here.Parameters), func(h bundle.Parameter) bool {
		return h.Later && !slices.ContainsFunc(there.Parameters, func(t bundle.Parameter) bool {
			return t.Name == h.Name
		})
	})
	if len(here.Parameters) == 0 {
		here.Parameters = nil
	}
	differing := jsondiff.Differences(there, here, "plugin", "doc", "source", "specs")
	for _, s := range there.Specs {
		spec, err := def.Spec(s.At)
		if err != nil {
			differing = append(differing, fmt.Sprintf("at %s: %v", s.At, err))
			continue
		}
		if d := jsondiff.Differences(s.Spec.Data, spec.Data); len(d) > 0 {
			c.otherData = append(c.otherData,
				fmt.Sprintf("problem %s: data%s", there.Name, strings.Join(d, "; data")))
		}
		but := []string{"data", "measures", "constants"}
		if contract != protocol.Version {
			but = append(but, "blocks") // contract 1 has no shapes
		}
		differing = append(differing, jsondiff.Differences(s.Spec, spec, but...)...)
		if missing := s.Spec.Measures &^ spec.Measures; missing != 0 {
			differing = append(differing, fmt.Sprintf("measures %v, which it does not here", missing))
		}
		// a later build may declare more
		for _, name := range slices.Sorted(maps.Keys(s.Spec.Constants)) {
			if v, ok := spec.Constants[name]; !ok || v != s.Spec.Constants[name] {
				differing = append(differing,
					fmt.Sprintf("constant %s: got %g, want %g", name, s.Spec.Constants[name], v))
			}
		}
	}
	for _, d := range differing {
		c.differ = append(c.differ, fmt.Sprintf("problem %s: %s", there.Name, d))
	}
}

// report adds the findings.
func (x *Checked) report(c *comparison) {
	x.Add(Local, "definitions",
		fmt.Sprintf("%s the same as here", text.CountIs(c.compared, "definition")),
		"the bundle's declarations differ from this machine's for the same versions", c.differ)
	x.Add(Local, "data", "data sets have the hashes that the problems here ask for",
		"other data than the problems here ask for", c.otherData)
	x.Add(Local, "plugins", "no plugin was exchanged for another",
		"plugins are not those that made the records; give the right ones by --plugin (or --rebuilt, "+
			"if these are from the same source)",
		c.exchanged)
	x.Add(Local, "bits",
		"built-in optimizers and problems compute the same bits here, as far as fingerprints show",
		"built-in optimizers or problems compute other bits here, on the same platform, than where the "+
			"records were made", c.otherBits)
	for _, how := range slices.Sorted(maps.Keys(c.others)) {
		if len(c.otherBits) > 0 && strings.HasPrefix(how, "fingerprint") {
			continue
		}
		names := c.others[how]
		x.Note(Local, "build", fmt.Sprintf("%s of other code or another platform (%s), of the same "+
			"versions: equal bits are expected on the same platform", text.CountIs(len(names), "definition"),
			how), append([]string{strings.Join(names, ", ")}, x.howToBuild()...)...)
	}
	if len(c.otherVersion) > 0 {
		x.Note(Local, "versions", "not compared, since the version here is another",
			append(c.otherVersion, x.howToBuild()...)...)
	}
	if len(c.unknown) > 0 {
		x.Note(Local, "unknown",
			"not compared, since this machine does not have them; give the plugin by --plugin", c.unknown...)
	}
}

// sameArithmetic reports whether all of a bundle's runs were made on a platform and with a Go
// version like those here.
func (x *Checked) sameArithmetic() bool {
	return !slices.ContainsFunc(x.Bundle.About.MadeBy, func(m bundle.Maker) bool {
		return m.Platform != platform.Name() || m.GoVersion != runtime.Version()
	})
}

// measurement names a fingerprint of a problem: for which of its specs, and for what an optimizer
// needs.
func measurement(spec int, needs string) string { return fmt.Sprintf("%d of %s", spec+1, needs) }

// measuredOptimizer is the fingerprint of an optimizer here; none if it cannot be measured.
func measuredOptimizer(def protocol.OptimizerDef) map[string]string {
	if def.Fingerprint == nil {
		return nil
	}
	print, err := def.Fingerprint()
	if err != nil {
		return nil
	}
	return map[string]string{"": print}
}

// measuredProblem measures a problem in the same way as the bundle's.
func measuredProblem(p *bundle.Problem, def *protocol.ProblemDef) map[string]string {
	prints := map[string]string{}
	for i, s := range p.Specs {
		for needs := range s.Fingerprints {
			q, err := protocol.ParseQuantity(needs)
			if err != nil || def.Fingerprint == nil {
				continue
			}
			if print, err := def.Fingerprint(s.At, q); err == nil {
				prints[measurement(i, needs)] = print
			}
		}
	}
	return prints
}

// howToBuild lists the commands for the builds of bench that made the records.
func (x *Checked) howToBuild() (texts []string) {
	for _, m := range x.Bundle.About.MadeBy {
		texts = append(texts,
			fmt.Sprintf("the build: noisebench %s, %s, for %s: go build -trimpath ./cmd/bench",
				m.Harness, m.GoVersion, m.Platform))
	}
	return texts
}

// Platforms are those that the bundle's runs were made on.
func (x *Checked) Platforms() (list []string) {
	for _, m := range x.Bundle.About.MadeBy {
		if !slices.Contains(list, m.Platform) {
			list = append(list, m.Platform)
		}
	}
	return list
}
