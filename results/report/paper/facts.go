package paper

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/measures"
	"noisebench/results/notation"
)

// facts says what the results were made of and how, one sentence each, without full stops: the
// runs, the programs and processors that made them, and the command that wrote the files.
func (p *Paper) facts(r *measures.Report) []string {
	seen := map[*results.Record]bool{} // one run may be of several kinds
	made := map[string]int{}
	first, last := "", ""
	for i := range p.Cells {
		if p.Cells[i].Unranked != "" {
			continue
		}
		for _, record := range p.Cells[i].Records() {
			if seen[record] {
				continue
			}
			seen[record] = true
			made[maker(&record.Host)]++
			// Clocks are in RFC 3339 and UTC: texts are in the order of times.
			if at := record.Host.Started; at != "" {
				if first == "" || at < first {
					first = at
				}
				last = max(last, at)
			}
		}
	}
	runs := notation.Count(r.Finished, "run")
	if !r.Complete() {
		runs = fmt.Sprintf("INCOMPLETE: %d of %d runs", r.Finished, r.Planned)
	}
	facts := []string{fmt.Sprintf("%s, those of tuning included; %s of each optimizer on each "+
		"problem; protocol version %d",
		runs, notation.Count(p.Plan.Replicates, "replicate"), protocol.Version)}
	if first != "" {
		days := "on " + day(first)
		if day(last) != day(first) {
			days = fmt.Sprintf("from %s to %s", day(first), day(last))
		}
		facts = append(facts, "Started "+days)
	}
	makers := slices.Collect(maps.Keys(made))
	slices.SortFunc(makers, func(a, b string) int {
		return cmp.Or(cmp.Compare(made[b], made[a]), cmp.Compare(a, b))
	})
	for _, m := range makers {
		facts = append(facts, fmt.Sprintf("%s by %s", notation.Count(made[m], "run"), m))
	}
	return append(facts, fmt.Sprintf("These files were written by noisebench %s: %s",
		notation.Clean(p.Version), notation.Clean(p.Command)))
}

// maker names the program and the machine that made a run, as far as its record tells.
func maker(h *results.Host) string {
	var parts []string
	for _, part := range []string{
		strings.TrimSpace("noisebench " + h.Harness), h.GoVersion, h.Platform, h.CPU,
	} {
		if part != "" {
			parts = append(parts, notation.Clean(part))
		}
	}
	return strings.Join(parts, ", ")
}

// day is the date of a time in RFC 3339.
func day(at string) string {
	date, _, _ := strings.Cut(at, "T")
	return notation.Clean(date)
}
