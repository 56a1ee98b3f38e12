package reproduce

import (
	"fmt"
	"slices"

	"noisebench/protocol"
	"noisebench/results/report/figure"
	"noisebench/results/stats"
)

// drawKinds draws figures of the given kinds of every problem that was run, each as a picture named
// PROBLEM-KIND.
func drawKinds(in *Input, kinds ...string) (*Output, error) {
	out := &Output{}
	for i := range in.Done {
		d := &in.Done[i]
		source := figure.NewSource(&d.Plan, d.Cells, nil)
		for _, p := range d.Plan.Problems {
			for _, name := range kinds {
				k := slices.IndexFunc(figure.Kinds,
					func(k figure.Kind) bool { return k.Name == name })
				f, missing := figure.Kinds[k].Draw(source, p.Name)
				if f == nil {
					return nil, fmt.Errorf("cannot draw %s of %s: %s", name, p.Name, missing)
				}
				out.Pictures = append(out.Pictures, Picture{Name: p.Name + "-" + name, Figure: f})
				out.Caption = f.Caption
			}
		}
		out.Tables = append(out.Tables, scores(d)...)
	}
	return out, nil
}

// scores tabulates what the replicates of a plan ended with, problem by problem.
func scores(d *Done) []Table {
	var tables []Table
	for _, p := range d.Plan.Problems {
		t := Table{
			Title:  p.Name,
			Header: []string{"optimizer", "setting", "training loss", "test metric", "runs"},
		}
		for _, o := range d.Plan.Optimizers {
			cell := d.Cell(p.Name, o.Name)
			if cell == nil || len(cell.Runs) == 0 {
				continue
			}
			var loss, metric []float64
			for _, r := range cell.Runs {
				loss, metric = append(loss, trainLoss(r)), append(metric, testAccuracy(r))
			}
			setting := protocol.Setting{}
			for _, name := range append([]string{protocol.StepSize}, cell.Tuned...) {
				setting[name] = cell.Setting[name]
			}
			t.Rows = append(t.Rows, []string{
				o.Name, setting.String(), meanStd(loss),
				meanStd(metric), fmt.Sprint(len(cell.Runs)),
			})
		}
		tables = append(tables, t)
	}
	return tables
}

// meanStd writes mean and standard deviation.
func meanStd(x []float64) string {
	if len(x) < 2 {
		return fmt.Sprintf("%.4g", stats.Mean(x))
	}
	return fmt.Sprintf("%.4g ± %.2g", stats.Mean(x), stats.Std(x))
}

func drawCurves(in *Input) (*Output, error) { return drawKinds(in, "loss", "metric") }

func drawBatchSizes(in *Input) (*Output, error) {
	return drawKinds(in, "loss", "metric", "batch-size")
}
