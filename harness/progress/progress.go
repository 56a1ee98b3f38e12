// Package progress displays how far the execution of a campaign is: as one line that is
// overwritten, on a terminal, or as a few plain lines every ten seconds. A [Counter] displays other
// long work in the same way.
package progress

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/columns"
)

const (
	liveEvery  = 200 * time.Millisecond // shortest time between two updates of the overwritten line
	plainEvery = 10 * time.Second       // time between two plain lines
)

// Options are what a [Display] or a [Counter] needs to know.
type Options struct {
	// Width returns the width of the terminal in characters; nil if the output is no terminal, or
	// one that cannot overwrite a line.
	Width func() int
}

// Display displays the progress of one execution. Its methods may be called concurrently.
type Display struct {
	out io.Writer
	Options

	mu      sync.Mutex
	last    harness.Progress
	updated time.Time // when it became so
	started time.Time
	drawn   time.Time
	changed map[int]harness.CellState // since the last plain line, by index
	told    map[int]string            // last reported stage of each cell

	quit chan struct{}
	done chan struct{}
}

// Start starts a display on out. [Display.Stop] must be called after use.
func Start(out io.Writer, o Options) *Display {
	d := &Display{
		out: out, Options: o, started: time.Now(),
		changed: map[int]harness.CellState{}, told: map[int]string{},
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go d.tick()
	return d
}

func (d *Display) live() bool { return d.Width != nil }

// tick draws while no run ends.
func (d *Display) tick() {
	defer close(d.done)
	every := plainEvery
	if d.live() {
		every = time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-d.quit:
			return
		case <-ticker.C:
			d.mu.Lock()
			d.draw()
			d.mu.Unlock()
		}
	}
}

// Update displays a new state. It can be used as harness.Options.Progress.
func (d *Display) Update(now harness.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := d.last.Done+d.last.Left == 0
	d.last, d.updated = now, time.Now()
	for _, c := range now.Changed {
		d.changed[c.Index] = c
	}
	switch {
	case first && now.Found > 0:
		d.erase()
		fmt.Fprintf(d.out, "%s found, at most %s to go\n", text.Count(now.Found, "finished run"),
			text.Count(now.Left, "run"))
		d.noteCells(false)
	case first:
		d.erase()
		fmt.Fprintf(d.out, "at most %s to go\n", text.Count(now.Left, "run"))
	case d.live() && time.Since(d.drawn) >= liveEvery:
		d.draw()
	}
}

// Last returns the state of the last update.
func (d *Display) Last() harness.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// Note prints a message on a line of its own. It can be used as harness.Options.Note.
func (d *Display) Note(message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	fmt.Fprintf(d.out, "note: %s\n", message)
}

// Stop ends the display: it erases the overwritten line, or prints which cells were finished since
// the last plain line.
func (d *Display) Stop() {
	close(d.quit)
	<-d.done
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erase()
	if !d.live() {
		d.noteCells(true)
	}
}

func (d *Display) draw() {
	d.drawn = time.Now()
	if d.last.Done+d.last.Left == 0 {
		return
	}
	if !d.live() {
		d.noteCells(true)
		fmt.Fprintln(d.out, d.line())
		return
	}
	// A line that wraps cannot be overwritten.
	d.erase()
	fmt.Fprint(d.out, d.liveLine(d.Width()-1))
}

// liveLine is the line for a terminal: as much as fits, and in any case the time that is left.
func (d *Display) liveLine(width int) string {
	const bar = 24
	total := d.last.Done + d.last.Left
	filled := bar * d.last.Done / total
	done := fmt.Sprintf("%d/%d runs", d.last.Done, total)
	candidates := []string{
		fmt.Sprintf("[%s%s] %s", strings.Repeat("█", filled), strings.Repeat("·", bar-filled),
			d.line()),
		d.line(),
		done + ", " + d.left(),
		d.left(),
	}
	for _, line := range candidates {
		if len([]rune(line)) <= width {
			return line
		}
	}
	line := []rune(d.left())
	return string(line[:min(len(line), max(width, 0))])
}

// left is the time that is left.
func (d *Display) left() string {
	if d.last.Remaining < 0 {
		return "time left unknown yet"
	}
	left := d.last.Remaining - time.Since(d.updated)
	if left < 0 {
		return "time left unknown: a run takes longer than those before it"
	}
	return "about " + text.Duration(left) + " left"
}

func (d *Display) erase() {
	if d.live() {
		fmt.Fprint(text.Raw(d.out), "\r\x1b[K")
	}
}

// line is the state of the campaign in full.
func (d *Display) line() string {
	elsewhere := ""
	if d.last.Elsewhere > 0 {
		elsewhere = fmt.Sprintf(" (others make %d)", d.last.Elsewhere)
	}
	return fmt.Sprintf("%d of at most %d runs%s, %s passed, %s",
		d.last.Done, d.last.Done+d.last.Left, elsewhere, text.Duration(time.Since(d.started)),
		d.left())
}

// noteCells records which cells are tuned or finished, and with report prints those that have
// become so since the last call.
func (d *Display) noteCells(report bool) {
	for _, i := range slices.Sorted(maps.Keys(d.changed)) {
		cell := d.changed[i].Cell
		stage := ""
		switch {
		case cell.Setting == nil:
			continue
		case cell.Missing == 0:
			stage = "finished"
		case len(cell.Tuned) > 0:
			stage = "tuned"
		default:
			continue
		}
		if d.told[i] == stage {
			continue
		}
		d.told[i] = stage
		if !report {
			continue
		}
		fmt.Fprintf(d.out, "%s on %s: %s", cell.Optimizer, cell.Problem, stage)
		if len(cell.Tuned) > 0 {
			fmt.Fprintf(d.out, ", %s from %s", tunedValues(cell), tuningRuns(d.changed[i]))
		}
		if len(cell.Failed) > 0 {
			fmt.Fprintf(d.out, ", %s failed: %s", text.Count(len(cell.Failed), "run"),
				cell.Failed[0])
		}
		fmt.Fprintln(d.out)
	}
	clear(d.changed)
}

// tuningRuns writes how many runs chose the setting, as tables do: "6+9 tuning runs".
func tuningRuns(c harness.CellState) string {
	if c.Tuning == 1 {
		return "1 tuning run"
	}
	return columns.TuningRuns(c.Tuning, c.Ties) + " tuning runs"
}

// tunedValues writes the tuned hyperparameters as "a=1 b=2".
func tunedValues(cell results.Cell) string {
	var parts []string
	for _, name := range cell.Tuned {
		parts = append(parts, fmt.Sprintf("%s=%g", name, cell.Setting[name]))
	}
	return strings.Join(parts, " ")
}
