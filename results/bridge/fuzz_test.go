package bridge

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"noisebench/results"
)

// Every DeepOBS file is refused, or gives a record that can be written, read again unchanged, and
// shown.
func FuzzDeepOBS(f *testing.F) {
	diverged := momentum(0.1, 43, math.NaN())
	diverged.train[2], diverged.more = math.Inf(1), `"lr_sched_epochs": [1], "lr_sched_factors": [0.1]`
	accurate := deepFile{
		problem: "fmnist_2c2d", optimizer: "AdamOptimizer", train: []float64{3, 2}, test: []float64{3, 2}, accuracies: []float64{0.1, 0.5},
		rate: 1e-3, hyperparams: `{}`, seed: 1, epochs: 1, steps: 3,
	}
	for _, d := range []deepFile{momentum(0.01, 42, 87), diverged, accurate} {
		f.Add([]byte(d.text()))
		f.Add([]byte(strings.ReplaceAll(strings.ReplaceAll(d.text(), `"optimizer"`, `"optimizer_name"`), `"hyperparams"`, `"optimizer_hyperparams"`)))
	}
	f.Add([]byte("{\"a\": NaN, \"b\": \"-Infinity\\\""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := deepOBSRecord("a/b.json", data, define)
		if err != nil {
			return
		}
		if len(r.Points) != r.Run.Evaluations+1 || r.End.Seen != r.Run.Budget || r.Run.Budget <= 0 || r.End.Steps <= 0 {
			t.Fatalf("%d points of %d, %d examples of %d", len(r.Points), r.Run.Evaluations, r.End.Seen, r.Run.Budget)
		}
		text, err := results.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := results.Decode(r.Run.ID(), text)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := results.Encode(again); err != nil || !bytes.Equal(text, twice) {
			t.Fatalf("written again, the record is\n%s, %v; want\n%s", twice, err, text)
		}
		cells := Cells("p", []*results.Record{r, again})
		if len(cells) != 1 || len(cells[0].Runs) != 2 {
			t.Fatalf("the record makes %d cells", len(cells))
		}
		s := source()
		s.Cells = append(s.Cells, cells...)
		if tables := Tables(s); len(tables) != 3 {
			t.Fatal(errors.New("there are not three tables"))
		}
	})
}
