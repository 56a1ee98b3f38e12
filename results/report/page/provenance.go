package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/notation"
)

// fact is a line of the provenance: a name, and its values among the records.
type fact struct {
	Name   string
	Values []string
}

// provenance is the origin of the numbers, according to the records. The name of the machine is
// left out: pages are published.
type provenance struct {
	Facts    []fact
	Runs     int   // each counted once
	Examples int64 // charged
	Seconds  float64

	time        time.Duration // Seconds, whose sum does not depend on the order
	seen        map[results.ShortID]bool
	values      map[string]map[string]bool
	first, last string // start of a run
}

func newProvenance() provenance {
	return provenance{seen: map[results.ShortID]bool{}, values: map[string]map[string]bool{}}
}

// add adds the records of a cell.
func (p *provenance) add(c *results.Cell) {
	var ids results.IDs
	var last *results.Record
	for _, r := range c.Records() {
		id := ids.Short(&r.Run)
		if p.seen[id] {
			continue
		}
		p.seen[id] = true
		p.Runs++
		p.Examples += r.End.Seen
		h := &r.Host
		seconds := h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
		p.time += time.Duration(seconds * float64(time.Second))
		if h.Started != "" {
			if p.first == "" || h.Started < p.first {
				p.first = h.Started
			}
			p.last = max(p.last, h.Started)
		}
		if last == nil || !sameFacts(r, last) {
			p.addFacts(r)
		}
		last = r
	}
}

// sameFacts reports whether addFacts would add the same for two records.
func sameFacts(r, s *results.Record) bool {
	a, b := &r.Host, &s.Host
	return r.Run.Protocol == s.Run.Protocol && r.Run.Problem.Plugin == s.Run.Problem.Plugin &&
		r.Run.Optimizer.Plugin == s.Run.Optimizer.Plugin &&
		slices.Equal(r.Run.Problem.Data, s.Run.Problem.Data) && a.Harness == b.Harness &&
		a.GoVersion == b.GoVersion && a.Platform == b.Platform && a.CPU == b.CPU &&
		a.Cores == b.Cores && a.Parallel == b.Parallel && maps.Equal(a.Executables, b.Executables)
}

func (p *provenance) addFacts(r *results.Record) {
	h := &r.Host
	p.fact("protocol version", fmt.Sprint(r.Run.Protocol))
	for role, o := range map[string]protocol.Origin{
		"problem":   r.Run.Problem.Plugin,
		"optimizer": r.Run.Optimizer.Plugin,
	} {
		text := strings.TrimSpace(fmt.Sprintf("%s %s", o.Plugin,
			cmp.Or(o.Digest, o.SHA256)))
		if o.Environment != "" {
			text += ", " + o.Environment
		}
		p.fact("plugins (digest)", text)
		if sum := h.Executables[role]; sum != "" {
			p.fact("executables (SHA-256)", fmt.Sprintf("%s %s", o.Plugin, sum))
		}
	}
	for _, d := range r.Run.Problem.Data {
		p.fact("data (SHA-256)", fmt.Sprintf("%s %s", d.Name, d.SHA256))
	}
	p.fact("noisebench", h.Harness)
	p.fact("Go", h.GoVersion)
	p.fact("platform", h.Platform)
	if h.CPU != "" {
		p.fact("processor", fmt.Sprintf("%s, %s, %s side by side", h.CPU,
			count(h.Cores, "core"), count(h.Parallel, "run")))
	}
}

func (p *provenance) fact(name, value string) {
	if value == "" {
		return
	}
	if p.values[name] == nil {
		p.values[name] = map[string]bool{}
	}
	p.values[name][notation.Clean(value)] = true
}

// complete fills in the exported fields.
func (p provenance) complete() provenance {
	p.Seconds = p.time.Seconds()
	if p.first != "" {
		p.fact("runs started", p.first+" to "+p.last)
	}
	p.fact("runs", fmt.Sprintf("%s, %s charged", count(p.Runs, "run"), count(p.Examples, "example")))
	for _, name := range []string{
		"runs", "protocol version", "noisebench", "plugins (digest)", "executables (SHA-256)",
		"data (SHA-256)", "platform", "Go", "processor",
		"runs started",
	} {
		if p.values[name] != nil {
			p.Facts = append(p.Facts, fact{name, slices.Sorted(maps.Keys(p.values[name]))})
		}
	}
	return p
}

// runs identifies the runs behind a row: the IDs of its runs, in the order of their seeds or, for
// tuning, of their IDs.
type runs struct {
	Optimizer                   string
	Setting                     string
	Replicates, OneShot, Tuning []string
}

func runsOf(c *results.Cell) runs {
	var known results.IDs
	ids := func(records []*results.Record) []string {
		sorted := slices.SortedStableFunc(slices.Values(records), func(a, b *results.Record) int {
			return cmp.Compare(a.Run.Seed, b.Run.Seed)
		})
		var list []string
		for _, r := range sorted {
			list = append(list, strings.Clone(known.Of(&r.Run)[:12]))
		}
		return list
	}
	return runs{
		Optimizer: notation.Clean(c.Optimizer), Setting: c.Setting.String(),
		Replicates: ids(c.Runs), OneShot: ids(c.OneShot), Tuning: ids(c.Tuning),
	}
}
