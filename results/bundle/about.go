package bundle

import (
	"cmp"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

// Format is the version of the bundle format. Version 1, which this package still reads, has no
// fingerprints; its runs are those of contract 1.
const Format = 2

// About describes a bundle and its author. The author states the first fields; the rest follows
// from the records, see [Derive].
type About struct {
	Format  int      `json:"format"`
	Title   string   `json:"title,omitempty"`
	Authors []string `json:"authors,omitempty"`
	Contact string   `json:"contact,omitempty"`
	URL     string   `json:"url,omitempty"`
	Licence string   `json:"licence,omitempty"`

	// Publisher is the build of bench that packed the bundle and provided the definitions.
	Publisher Build `json:"publisher"`
	// Incomplete records the author's knowledge that runs of the plan are missing.
	Incomplete bool `json:"incomplete,omitempty"`
	// SetAside is the number of runs in the author's results folder that the plan does not use
	// (other settings or seeds), although they are of the same optimizers on the same problems with
	// the same budgets as runs in the bundle.
	SetAside int `json:"set_aside"`
	// Taken lists the bundles that provided runs which the author did not make.
	Taken []Source `json:"taken,omitempty"`

	Facts
}

// Source is a bundle that provided runs.
type Source struct {
	Root      string   `json:"root"`
	Title     string   `json:"title,omitempty"`
	Plan      string   `json:"plan"`
	Platforms []string `json:"platforms"` // on which its runs were made
	Runs      int      `json:"runs"`      // number of runs taken
	Checked   int      `json:"checked"`   // runs of that bundle that the author repeated
}

// Facts is the part of About that follows from the records.
type Facts struct {
	Plan     string              `json:"plan"` // its name
	Protocol int                 `json:"protocol"`
	Runs     int                 `json:"runs"` // finished ones
	Failed   int                 `json:"failed"`
	First    string              `json:"first"` // start of the first run, RFC 3339
	Last     string              `json:"last"`  // start of the last run
	MadeBy   []Maker             `json:"made_by"`
	Plugins  []protocol.Origin   `json:"plugins"`
	Data     []protocol.DataFile `json:"data,omitempty"`
}

// Build is a build of bench.
type Build struct {
	Harness   string `json:"harness"` // version of noisebench
	GoVersion string `json:"go"`
	Platform  string `json:"platform"`
	SHA256    string `json:"sha256"` // of its executable
}

// Maker is a build of bench on a platform, with the number of runs that it made.
type Maker struct {
	Harness   string `json:"harness"`
	GoVersion string `json:"go"`
	Platform  string `json:"platform"`
	Runs      int    `json:"runs"`
}

// Derive returns the facts of a plan's records, whose order does not matter.
func Derive(plan *protocol.Plan, records []*results.Record) Facts {
	f := Facts{Plan: plan.Name, Protocol: protocol.Version}
	if len(records) > 0 {
		f.Protocol = records[0].Run.Protocol
	}
	makers := map[Maker]int{}
	for i, r := range records {
		if r.End.Status == results.Failed {
			f.Failed++
		} else {
			f.Runs++
		}
		if started := r.Host.Started; i == 0 || started < f.First { // all are in UTC
			f.First = started
		}
		f.Last = max(f.Last, r.Host.Started)
		makers[Maker{r.Host.Harness, r.Host.GoVersion, r.Host.Platform, 0}]++
		for _, origin := range []protocol.Origin{
			identity(r.Run.Problem.Plugin), identity(r.Run.Optimizer.Plugin),
		} {
			if !slices.Contains(f.Plugins, origin) {
				f.Plugins = append(f.Plugins, origin)
			}
		}
		for _, data := range r.Run.Problem.Data {
			if !slices.Contains(f.Data, data) {
				f.Data = append(f.Data, data)
			}
		}
	}
	for m, runs := range makers {
		m.Runs = runs
		f.MadeBy = append(f.MadeBy, m)
	}
	slices.SortFunc(f.MadeBy, func(a, b Maker) int {
		return cmp.Or(cmp.Compare(a.Harness, b.Harness), cmp.Compare(a.GoVersion, b.GoVersion),
			cmp.Compare(a.Platform, b.Platform))
	})
	slices.SortFunc(f.Plugins, func(a, b protocol.Origin) int {
		return cmp.Or(cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.SHA256, b.SHA256),
			cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Environment, b.Environment))
	})
	slices.SortFunc(f.Data, func(a, b protocol.DataFile) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	return f
}
