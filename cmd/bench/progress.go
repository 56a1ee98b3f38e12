package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"noisebench/harness"
	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/columns"
)

const (
	liveEvery  = 200 * time.Millisecond // a new live line, at most
	plainEvery = 10 * time.Second       // a new plain line
)

// progress displays how far a campaign is: one line that is overwritten on a terminal, else a few
// plain lines every ten seconds.
type progress struct {
	out   io.Writer
	live  bool                  // out is a terminal that can overwrite a line
	state func() []results.Cell // of the campaign, from the known records
	seed  uint64                // of the search

	mu      sync.Mutex
	last    harness.Progress
	updated time.Time // when it became so
	started time.Time
	drawn   time.Time
	told    map[[2]string]string // last reported stage of each cell

	quit chan struct{}
	done chan struct{}
}

// newProgress starts a display. sweepSeed is the seed of the search, which distinguishes its runs
// from those that repeat tied settings.
func newProgress(out io.Writer, sweepSeed uint64, state func() []results.Cell) *progress {
	p := &progress{
		out: out, state: state, seed: sweepSeed,
		started: time.Now(), told: map[[2]string]string{}, quit: make(chan struct{}),
		done: make(chan struct{}),
	}
	p.live = isTerminal(out) && !plainTerminal()
	go p.tick()
	return p
}

// tick draws while no run ends.
func (p *progress) tick() {
	defer close(p.done)
	every := plainEvery
	if p.live {
		every = time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// update is harness.Options.Progress.
func (p *progress) update(now harness.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.last.Done+p.last.Left == 0
	p.last, p.updated = now, time.Now()
	switch {
	case first && now.Found > 0:
		p.erase()
		fmt.Fprintf(p.out, "%s found, at most %s to go\n", text.Count(now.Found, "finished run"), text.Count(now.Left, "run"))
		p.note(false)
	case first:
		p.erase()
		fmt.Fprintf(p.out, "at most %s to go\n", text.Count(now.Left, "run"))
	case p.live && time.Since(p.drawn) >= liveEvery:
		p.draw()
	}
}

// say prints a note without disturbing the line.
func (p *progress) say(note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintf(p.out, "note: %s\n", note)
}

// finish ends the display.
func (p *progress) finish() {
	close(p.quit)
	<-p.done
	p.erase()
	if !p.live {
		p.note(true)
	}
}

func (p *progress) draw() {
	p.drawn = time.Now()
	if p.last.Done+p.last.Left == 0 {
		return
	}
	if !p.live {
		p.note(true)
		fmt.Fprintln(p.out, p.line())
		return
	}
	// A line that wraps cannot be overwritten.
	p.erase()
	fmt.Fprint(p.out, p.liveLine(terminalWidth(p.out)-1))
}

// liveLine is the line for a terminal: as much as fits, and in any case the time that is left.
func (p *progress) liveLine(width int) string {
	const bar = 24
	total := p.last.Done + p.last.Left
	filled := bar * p.last.Done / total
	done := fmt.Sprintf("%d/%d runs", p.last.Done, total)
	candidates := []string{
		fmt.Sprintf("[%s%s] %s", strings.Repeat("█", filled), strings.Repeat("·", bar-filled),
			p.line()),
		p.line(),
		done + ", " + p.left(),
		p.left(),
	}
	for _, line := range candidates {
		if len([]rune(line)) <= width {
			return line
		}
	}
	line := []rune(p.left())
	return string(line[:min(len(line), max(width, 0))])
}

// left is the time that is left.
func (p *progress) left() string {
	if p.last.Remaining < 0 {
		return "time left unknown yet"
	}
	left := p.last.Remaining - time.Since(p.updated)
	if left < 0 {
		return "time left unknown: a run takes longer than those before it"
	}
	return "about " + short(left) + " left"
}

func (p *progress) erase() {
	if p.live {
		fmt.Fprint(text.Raw(p.out), "\r\x1b[K")
	}
}

// line is the state of the campaign in full.
func (p *progress) line() string {
	elsewhere := ""
	if p.last.Elsewhere > 0 {
		elsewhere = fmt.Sprintf(" (others make %d)", p.last.Elsewhere)
	}
	return fmt.Sprintf("%d of at most %d runs%s, %s passed, %s",
		p.last.Done, p.last.Done+p.last.Left, elsewhere, short(time.Since(p.started)), p.left())
}

// note remembers which cells are tuned or finished, and prints those that are so since the last
// time if aloud is true.
func (p *progress) note(aloud bool) {
	for _, cell := range p.state() {
		key := [2]string{cell.Optimizer, cell.Problem}
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
		if p.told[key] == stage {
			continue
		}
		p.told[key] = stage
		if !aloud {
			continue
		}
		fmt.Fprintf(p.out, "%s on %s: %s", cell.Optimizer, cell.Problem, stage)
		if len(cell.Tuned) > 0 {
			fmt.Fprintf(p.out, ", %s from %s", tunedValues(cell), p.tuningRuns(cell))
		}
		if len(cell.Failed) > 0 {
			fmt.Fprintf(p.out, ", %s failed: %s", text.Count(len(cell.Failed), "run"), cell.Failed[0])
		}
		fmt.Fprintln(p.out)
	}
}

// tuningRuns writes how many runs chose the setting, as tables do: "6+9 tuning runs".
func (p *progress) tuningRuns(cell results.Cell) string {
	ties := 0
	for _, record := range cell.Tuning {
		if record.Run.Seed != p.seed {
			ties++
		}
	}
	if len(cell.Tuning) == 1 {
		return "1 tuning run"
	}
	return columns.TuningRuns(len(cell.Tuning), ties) + " tuning runs"
}

// tunedValues writes the tuned hyperparameters as "a=1 b=2".
func tunedValues(cell results.Cell) string {
	var parts []string
	for _, name := range cell.Tuned {
		parts = append(parts, fmt.Sprintf("%s=%g", name, cell.Setting[name]))
	}
	return strings.Join(parts, " ")
}

// short writes a duration in at most two units: "40 ms", "1.4 s", "12 s", "3 min 5 s", "2 h 10
// min".
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}
