package claim

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSimulation has 500 workers share 5000 runs of a minute or so on one folder. Their clocks
// differ by hours and run up to 10 % too fast or slow; one in twenty crashes, one in twenty is
// suspended for ten minutes. No run may be lost, and at most one in a hundred made twice.
func TestSimulation(t *testing.T) {
	workers, runs := 500, 5000
	if testing.Short() {
		workers, runs = 200, 2000
	}
	s := &simulation{
		t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(1, 2)),
		made: make([]int, runs), left: runs,
	}
	for i := range workers {
		w := &worker{s: s, rate: 0.9 + 0.2*s.random.Float64(), offset: time.Duration(s.random.IntN(7200)-3600) * time.Second}
		w.claimant = New(s.dir, Config{Now: w.now})
		defer w.claimant.Close()
		s.at(time.Duration(s.random.IntN(60))*time.Second, w.next)
		s.at(time.Duration(s.random.IntN(20))*time.Second, w.heartbeat)
		upset := time.Duration(s.random.IntN(max(1, runs/workers))) * time.Minute
		switch i % 20 {
		case 0:
			s.at(upset, func() { w.crashed = true })
		case 1:
			s.at(upset, func() { w.until = s.now + 10*time.Minute })
		}
	}
	for s.left > 0 && s.events.Len() > 0 {
		e := heap.Pop(&s.events).(event)
		s.now = e.at
		e.do()
	}
	lost, again := 0, 0
	for _, n := range s.made {
		if n == 0 {
			lost++
		}
		again += max(0, n-1)
	}
	t.Logf("%d runs by %d workers in %v: %d made again, %d abandoned", runs, workers, s.now.Round(time.Second), again, s.abandoned)
	if lost > 0 {
		t.Errorf("%d runs are lost", lost)
	}
	if again > runs/100 {
		t.Errorf("%d runs of %d were made again, want at most 1 %%", again, runs)
	}
	if ideal := time.Duration(runs/workers) * time.Minute; s.now > ideal+20*time.Minute {
		t.Errorf("it took %v, want about %v", s.now, ideal)
	}
	if s.abandoned == 0 {
		t.Error("no claim was ever lost: the simulation shows nothing")
	}
}

// simulation is a sequence of events in virtual time.
type simulation struct {
	t         *testing.T
	dir       string
	random    *rand.Rand
	now       time.Duration
	events    events
	pushed    int
	made      []int // how often, by run
	left      int   // runs that nobody has made
	abandoned int
}

func (s *simulation) at(at time.Duration, do func()) {
	s.pushed++
	heap.Push(&s.events, event{at, s.pushed, do})
}

// worker makes one run at a time.
type worker struct {
	s        *simulation
	claimant *Claimant
	rate     float64
	offset   time.Duration
	crashed  bool
	until    time.Duration // suspended
}

func (w *worker) now() time.Time {
	return time.Unix(1_800_000_000, 0).Add(w.offset + time.Duration(w.rate*float64(w.s.now)))
}

// stopped reports whether the worker cannot act now; one that is suspended does so afterwards.
func (w *worker) stopped(do func()) bool {
	if w.s.now < w.until {
		w.s.at(w.until, do)
		return true
	}
	return w.crashed
}

func (w *worker) heartbeat() {
	if w.stopped(w.heartbeat) {
		return
	}
	w.claimant.Heartbeat()
	w.s.at(w.s.now+20*time.Second, w.heartbeat)
}

// next claims a run that has no record, from a random place on.
func (w *worker) next() {
	s := w.s
	if w.stopped(w.next) {
		return
	}
	first, tries := s.random.IntN(len(s.made)), 0
	for k := range s.made {
		i := (first + k) % len(s.made)
		if s.made[i] > 0 {
			continue
		}
		if tries++; tries > 10 {
			break
		}
		held, release, ok, err := w.claimant.Take(context.Background(), run(i))
		if err != nil {
			s.t.Fatal(err)
		}
		if ok {
			length := time.Duration(20+s.random.ExpFloat64()*40) * time.Second
			s.at(s.now+length, func() { w.finish(i, held, release) })
			return
		}
	}
	s.at(s.now+10*time.Second, w.next)
}

func (w *worker) finish(i int, held context.Context, release func()) {
	s := w.s
	if w.stopped(func() { w.finish(i, held, release) }) {
		return
	}
	if held.Err() != nil {
		s.abandoned++
	} else {
		if s.made[i] == 0 {
			s.left--
		}
		s.made[i]++
	}
	release()
	w.next()
}

type event struct {
	at    time.Duration
	order int
	do    func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
