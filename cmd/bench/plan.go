package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/internal/text"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
)

func listPlans(cmd *cobra.Command) error {
	rows := [][]string{{"PLAN", "PROBLEMS", "OPTIMIZERS", "WHAT"}}
	for _, name := range plans.Names() {
		plan, err := plans.Load(name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{
			name, fmt.Sprint(len(plan.Problems)), fmt.Sprint(len(plan.Optimizers)),
			text.FirstLine(plan.Description),
		})
	}
	return printColumns(cmd.OutOrStdout(), rows, "OPTIMIZERS", "PROBLEMS")
}

// showPlan prints the text of a plan, and drawings of its schedules as comments, so that the output
// is a valid plan.
func showPlan(w io.Writer, name string) error {
	text, file, err := plans.Text(name)
	if err != nil {
		return err
	}
	plan, err := planfile.Parse(file, text)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	plan = plan.WithDefaults()
	draw := func(of string, s *protocol.Schedule) error {
		if s == nil {
			return nil
		}
		if err := s.Check(); err != nil {
			return fmt.Errorf("%s: schedule of %s: %w", file, of, err)
		}
		return drawSchedule(w, of, s)
	}
	if err := draw("the plan", plan.Schedule); err != nil {
		return err
	}
	for _, e := range plan.Problems {
		if err := draw(e.Name, e.Schedule); err != nil {
			return err
		}
	}
	for _, e := range plan.Optimizers {
		if err := draw(e.Name, e.Schedule); err != nil {
			return err
		}
	}
	return nil
}

// drawSchedule draws the factor on the step size over the budget, as comments of a plan.
func drawSchedule(w io.Writer, of string, s *protocol.Schedule) error {
	const columns, rows, budget = 60, 5, 1 << 30
	blocks := []rune(" ▁▂▃▄▅▆▇█")
	factors, top := make([]float64, columns), 1.0
	for i := range factors {
		// in the middle of the column
		factors[i] = s.Factor((2*int64(i)+1)*budget/(2*columns), 1, budget)
		top = max(top, factors[i])
	}
	fmt.Fprintf(w, "\n# step-size schedule of %s: %s\n", of, s)
	for row := rows - 1; row >= 0; row-- {
		var line strings.Builder
		for _, f := range factors {
			eighths := math.Round(8 * (f/top*rows - float64(row)))
			line.WriteRune(blocks[int(max(0, min(8, eighths)))])
		}
		label := ""
		if row == rows-1 {
			label = fmt.Sprintf("%.4g", top)
		}
		fmt.Fprintf(w, "# %5s │%s\n", label, strings.TrimRight(line.String(), " "))
	}
	_, err := fmt.Fprintf(w, "# %5d └%s\n#        0%*s\n", 0, strings.Repeat("─", columns),
		columns-1, "budget")
	return err
}
