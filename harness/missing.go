package harness

import (
	"fmt"
	"strings"

	"noisebench/internal/text"
	"noisebench/results"
)

// Missing lists what the cells of a campaign wait for, one line for each cell that waits. cells and
// due are those of [Campaign.Cells].
func Missing(cells []results.Cell, due [][]Task) []string {
	var lines []string
	for i, tasks := range due {
		if len(tasks) == 0 {
			continue
		}
		purposes := map[Purpose]int{}
		for _, t := range tasks {
			purposes[t.Purpose]++
		}
		var parts []string
		for _, p := range []Purpose{ForSweep, ForTie, ForReplicate, ForOneShot} {
			if n := purposes[p]; n > 0 {
				parts = append(parts, text.Count(n, string(p)+" run"))
			}
		}
		line := fmt.Sprintf("%s on %s: %s missing", cells[i].Optimizer, cells[i].Problem,
			strings.Join(parts, ", "))
		if cells[i].Setting == nil {
			line += ", and what follows from tuning"
		}
		lines = append(lines, line)
	}
	return lines
}
