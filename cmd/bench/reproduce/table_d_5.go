package reproduce

import (
	"fmt"
	"math"

	"noisebench/protocol"
	"noisebench/results"
)

// tableD5 is what the grid selects (Balles 2021, App. D.3).
var tableD5 = Item{
	Name:  "table-d.5",
	Title: "step sizes and dampings that the grid selects on seven data sets",
	Sizes: []Size{Reduced, Full},
	Time: map[Size]string{
		Reduced: "1 h, less after fig-7.3 and fig-d.1", Full: "7 h, less after fig-7.3 and fig-d.1",
	},
	Departs: map[Size][]string{
		Full:    {wdbc7, targets7, ends7},
		Reduced: {coarse7, wdbc7, targets7, ends7},
	},
	Plans: func(size Size) []protocol.Plan {
		var plans []protocol.Plan
		for _, s := range dataSets {
			plans = append(plans, plan7(s.name, size))
		}
		return plans
	},
	Draw: func(in *Input) (*Output, error) {
		out := &Output{
			Tables:  []Table{selected(in)},
			Caption: "Loss after 100 full-batch iterations from 0; the lowest of the grid wins.",
		}
		for _, s := range dataSets {
			if s.correction != "" {
				out.Caption += " " + s.name + ": " + s.correction + "."
			}
		}
		return out, nil
	},
	Claims: func(in *Input) []Finding {
		var findings []Finding
		for i := range in.Done {
			s := set(in.Done[i].Plan.Problems[0].Name)
			for _, method := range allMethods7 {
				findings = append(findings, judgeRow(&in.Done[i], s, method))
			}
		}
		return findings
	},
}

// judgeRow judges a row of the table: where one setting of the grid has the lowest loss, by the
// setting; where several tie, so that rounding chooses among them, by the loss.
func judgeRow(d *Done, s dataSet, method string) Finding {
	cell := d.Cell(s.name, method)
	published := publishedSetting(s, method)
	theirs := tuned(cell, published)
	reduced := theirs == nil // a coarse grid that does not have their setting
	if other := d.Cell(s.name, method+asPublished); reduced && other != nil && len(other.Runs) > 0 {
		theirs = other.Runs[0]
	}
	best := tuned(cell, cell.Setting)
	note := fmt.Sprintf("the grid selects %s with loss %s, published %s with %s",
		settingText(cell.Setting), lossText(best), settingText(published), lossText(theirs))
	var f Finding
	if tied := ties(cell); len(tied) > 1 || reduced {
		text := "the published setting has the lowest loss of the grid"
		ok := theirs != nil && theirs.End.Status == results.OK &&
			trainLoss(theirs) <= trainLoss(best)*(1+tie7)
		f = measured("", text, s.name+", "+method, ok, fmt.Sprintf("%s; %d settings tie", note,
			len(tied)))
	} else {
		f = measured("", "the grid selects the published setting", s.name+", "+method,
			settingText(published) == settingText(cell.Setting), note)
	}
	f.Basis = InFull
	if reduced {
		f.Basis = Smaller
	}
	return f
}

// settingText writes a setting by its logarithms.
func settingText(s protocol.Setting) string {
	text := "γ = 10^" + logText(s[protocol.StepSize])
	if λ, ok := s["damping"]; ok {
		text += ", λ = 10^" + logText(λ)
	}
	return text
}

func logText(v float64) string { return fmt.Sprintf("%.3f", math.Log10(v)) }
