package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
)

// fact is a line of the provenance: a name, and its values among the records.
type fact struct {
	Name   string
	Values []string
}

// provenance is the origin of the numbers, according to the records.
type provenance struct {
	Facts    []fact
	Runs     int   // each counted once
	Examples int64 // charged
	Seconds  float64
}

// provenanceOf gathers it from all records of some cells. The name of the machine is left out:
// pages are published.
func provenanceOf(cells []results.Cell) provenance {
	var p provenance
	values := map[string]map[string]bool{}
	add := func(name, value string) {
		if value == "" {
			return
		}
		if values[name] == nil {
			values[name] = map[string]bool{}
		}
		values[name][notation.Clean(value)] = true
	}
	var first, last string
	seen := map[string]bool{}
	for i := range cells {
		for _, r := range recordsOf(&cells[i]) {
			id := r.Run.ID()
			if seen[id] {
				continue
			}
			seen[id] = true
			p.Runs++
			p.Examples += r.End.Seen
			h := &r.Host
			p.Seconds += h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
			add("protocol version", fmt.Sprint(r.Run.Protocol))
			for role, o := range map[string]protocol.Origin{
				"problem":   r.Run.Problem.Plugin,
				"optimizer": r.Run.Optimizer.Plugin,
			} {
				text := strings.TrimSpace(fmt.Sprintf("%s %s", o.Plugin,
					cmp.Or(o.Digest, o.SHA256)))
				if o.Environment != "" {
					text += ", " + o.Environment
				}
				add("plugins (digest)", text)
				if sum := h.Executables[role]; sum != "" {
					add("executables (SHA-256)", fmt.Sprintf("%s %s", o.Plugin, sum))
				}
			}
			for _, d := range r.Run.Problem.Data {
				add("data (SHA-256)", fmt.Sprintf("%s %s", d.Name, d.SHA256))
			}
			add("noisebench", h.Harness)
			add("Go", h.GoVersion)
			add("platform", h.Platform)
			if h.CPU != "" {
				add("processor", fmt.Sprintf("%s, %s, %s side by side", h.CPU,
					count(h.Cores, "core"), count(h.Parallel, "run")))
			}
			if h.Started != "" {
				if first == "" || h.Started < first {
					first = h.Started
				}
				last = max(last, h.Started)
			}
		}
	}
	if first != "" {
		add("runs started", first+" to "+last)
	}
	add("runs", fmt.Sprintf("%s, %s charged", count(p.Runs, "run"), count(p.Examples, "example")))
	for _, name := range []string{
		"runs", "protocol version", "noisebench", "plugins (digest)", "executables (SHA-256)",
		"data (SHA-256)", "platform", "Go", "processor",
		"runs started",
	} {
		if values[name] != nil {
			p.Facts = append(p.Facts, fact{name, slices.Sorted(maps.Keys(values[name]))})
		}
	}
	return p
}

// recordsOf lists the records of a cell.
func recordsOf(c *results.Cell) []*results.Record {
	return slices.Concat(c.Runs, c.OneShot,
		c.Tuning)
}

// runs identifies the runs behind a row: the IDs of its runs, in the order of their seeds or, for
// tuning, of their IDs.
type runs struct {
	Optimizer                   string
	Setting                     string
	Replicates, OneShot, Tuning []string
}

func runsOf(c *results.Cell) runs {
	ids := func(records []*results.Record) []string {
		sorted := slices.SortedStableFunc(slices.Values(records), func(a, b *results.Record) int {
			return cmp.Compare(a.Run.Seed, b.Run.Seed)
		})
		var list []string
		for _, r := range sorted {
			list = append(list, r.Run.ID()[:12])
		}
		return list
	}
	return runs{
		Optimizer: notation.Clean(c.Optimizer), Setting: c.Setting.String(),
		Replicates: ids(c.Runs), OneShot: ids(c.OneShot), Tuning: ids(c.Tuning),
	}
}
