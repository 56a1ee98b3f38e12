package progress

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// TestPlainProgress follows the lines that are written where there is no terminal: some every ten
// seconds, none per run.
func TestPlainProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		cell := results.Cell{Problem: "p", Optimizer: "o", Tuned: []string{"step_size"}, Missing: 3}
		p := Start(&out, Options{})
		p.Update(harness.Progress{Left: 40, Remaining: -1, Changed: []harness.CellState{{Cell: cell}}})
		time.Sleep(11 * time.Second)
		cell.Setting = protocol.Setting{"step_size": 0.3, "beta": 0.9}
		for done := range 7 {
			now := harness.Progress{Record: &results.Record{}, Done: done + 1, Left: 20 - done, Remaining: 90 * time.Second}
			if done == 3 { // two runs of the search, five that repeat a tie
				now.Changed = []harness.CellState{{Cell: cell, Tuning: 7, Ties: 5}}
			}
			p.Update(now)
		}
		time.Sleep(10 * time.Second)
		cell.Missing = 0
		cell.Failed = []string{"it broke"}
		p.Update(harness.Progress{
			Record: &results.Record{}, Done: 21, Changed: []harness.CellState{{Cell: cell, Tuning: 7, Ties: 5}},
		})
		p.Stop()
		want := `at most 40 runs to go
0 of at most 40 runs, 10 s passed, time left unknown yet
o on p: tuned, step_size=0.3 from 2+5 tuning runs
7 of at most 21 runs, 20 s passed, about 1 min 21 s left
o on p: finished, step_size=0.3 from 2+5 tuning runs, 1 run failed: it broke
`
		if got := out.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// However narrow the terminal, the time that is left stays in the line.
func TestLiveLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Display{started: time.Now(), updated: time.Now(), last: harness.Progress{Done: 7, Left: 14, Remaining: 90 * time.Second}}
		for width, want := range map[int]string{
			100: "[████████················] 7 of at most 21 runs, 0 ms passed, about 1 min 30 s left",
			60:  "7 of at most 21 runs, 0 ms passed, about 1 min 30 s left",
			40:  "7/21 runs, about 1 min 30 s left",
			25:  "about 1 min 30 s left",
			10:  "about 1 mi",
		} {
			if got := p.liveLine(width); got != want {
				t.Errorf("in %d columns the line is %q, want %q", width, got, want)
			}
		}
	})
}
