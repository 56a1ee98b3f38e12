package reproduce

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"noisebench/protocol"
)

// Fig. 4.3 has a picture and a table for each problem, of the runs under the first tuning seed.
func TestFamilies(t *testing.T) {
	const power = 0.5 // losses at the end are α to it
	in := &Input{Size: Full}
	for _, plan := range chapter43(Full) {
		problem := plan.Problems[0].Name
		d := Done{Plan: plan.WithDefaults()}
		for _, method := range chapter4Methods {
			cell := cellOf(problem, method, course{loss: constant(1)}, 1, evaluations4, 1000, nil)
			for _, α := range chapter4Steps {
				c := course{loss: func(share float64) float64 { return math.Pow(α, power*share) }}
				cell.Tuning = append(cell.Tuning, fabricated(c, 0, evaluations4, 1000,
					protocol.Setting{protocol.StepSize: α}))
			}
			d.Cells = append(d.Cells, cell)
		}
		in.Done = append(in.Done, d)
	}
	out, err := fig43.Draw(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Pictures) != 4 || len(out.Tables) != 4 {
		t.Fatalf("%d pictures and %d tables, want one for each of 4 problems", len(out.Pictures),
			len(out.Tables))
	}
	// the sample standard deviation of log α over the step sizes but the first, times power
	var mean, square float64
	for _, α := range chapter4Steps[1:] {
		mean += math.Log(α) / 5
	}
	for _, α := range chapter4Steps[1:] {
		square += (math.Log(α) - mean) * (math.Log(α) - mean) / 4
	}
	want := fmt.Sprintf("%.3g", power*math.Sqrt(square))
	for _, table := range out.Tables {
		if len(table.Rows) != len(chapter4Methods) {
			t.Errorf("%s: %d rows, want one for each method", table.Title, len(table.Rows))
		}
		for _, row := range table.Rows {
			if row[1] != want {
				t.Errorf("%s: the spread of %s is %s, want %s", table.Title, row[0], row[1], want)
			}
		}
	}
	dir := t.TempDir()
	paths, err := out.Save(&fig43, Full, dir, "svg")
	if err != nil || len(paths) != 4 {
		t.Fatalf("saved %v: %v", paths, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "fig-4.3-mnist.svg")); err != nil || info.Size() == 0 {
		t.Errorf("the picture of mnist is not there: %v", err)
	}
}
