package protocoltest

import (
	"fmt"
	"slices"

	"noisebench/protocol"
)

// checkState saves the optimizer's state at every step of a run, also before the first one, and
// restores it in a new optimizer. Both must continue with the same bits as without interruption. A
// second run with a small budget covers optimizers with a schedule of their own.
func (s *optimizerSuite[T]) checkState(f *findings, plain *trace[T]) {
	s.checkResumed(f, s.startOf(dimension, 1), plain)
	brief := s.startOf(dimension, 1)
	brief.Budget = steps * int64(brief.BatchSize)
	s.checkResumed(f, brief, s.play(f, brief, course[T]{}))
	s.checkForeign(f)
}

// checkResumed interrupts a run once after each number of steps; want is the run without
// interruption.
func (s *optimizerSuite[T]) checkResumed(f *findings, begin protocol.Start, want *trace[T]) {
	for k := range len(want.points) {
		saved, next := s.open(f, begin, course[T]{}), s.open(f, begin, course[T]{})
		if saved == nil || next == nil {
			return
		}
		for range k {
			saved.step()
		}
		err := saved.hand(next)
		for _, r := range []*session[T]{saved, next} {
			for range steps - k {
				r.step()
			}
			r.close()
		}
		if err == nil {
			if err = next.trace.same(want); err != nil {
				err = fmt.Errorf("restored: %w; want the same bits as without interruption: does "+
					"State leave something out?", err)
			}
		}
		if err == nil {
			if err = saved.trace.same(want); err != nil {
				err = fmt.Errorf("saving changes the course of the run that is saved: %w", err)
			}
		}
		if err != nil {
			f.addf("at %s, saved after %d steps: %w", s.setting, k, err)
			return
		}
	}
}

// hand transfers the state of r to next.
func (r *session[T]) hand(next *session[T]) error {
	data, err := r.save()
	if err != nil {
		return err
	}
	again, err := r.save()
	if err != nil {
		return err
	}
	if !slices.Equal(data, again) {
		return fmt.Errorf("two saves in a row differ, want the same %d bytes", len(data))
	}
	if err := next.restore(data); err != nil {
		return err
	}
	next.request, next.size, next.next, next.batch, next.seen = r.request, r.size, r.next,
		slices.Clone(r.batch), r.seen
	copy(next.x, r.x)
	next.points, next.requests = slices.Clone(r.points), slices.Clone(r.requests)
	next.reports, next.estimates = slices.Clone(r.reports), slices.Clone(r.estimates)
	averager, ok := r.optimizer.(protocol.Averager[T])
	if !ok || !r.def.Averages {
		return nil
	}
	was, is := buffer[T](len(r.x)), buffer[T](len(r.x))
	averager.Estimate(r.x, was)
	next.optimizer.(protocol.Averager[T]).Estimate(next.x, is)
	if i := differ(is, was); i >= 0 {
		return fmt.Errorf("restored: Estimate has %g at %d and had %g, want the same bits", is[i],
			i, was[i])
	}
	return nil
}

func (r *session[T]) save() (data []byte, err error) {
	err = attempt("SaveState", func() (err error) {
		data, err = protocol.SaveState(r.optimizer)
		return err
	})
	return data, err
}

func (r *session[T]) restore(data []byte) error {
	return attempt("RestoreState", func() error { return protocol.RestoreState(r.optimizer, data) })
}

// checkForeign restores data that are no state of the optimizer, which must be an error.
func (s *optimizerSuite[T]) checkForeign(f *findings) {
	stateAt := func(d int) []byte {
		r := s.open(f, s.startOf(d, 1), course[T]{})
		if r == nil {
			return nil
		}
		defer r.close()
		r.step()
		data, err := r.save()
		if err != nil {
			f.add(err)
		}
		return data
	}
	data, other := stateAt(dimension), stateAt(dimension+4)
	foreign := map[string][]byte{"bytes that are no state": []byte("these bytes are no state of " +
		"any optimizer")}
	if len(data) > 0 {
		foreign["a state without its last byte"] = data[:len(data)-1]
		foreign["half a state"] = data[:len(data)/2]
	}
	if len(other) != len(data) {
		foreign[fmt.Sprintf("a state of %d coordinates", dimension+4)] = other
	}
	for name, state := range foreign {
		r := s.open(f, s.startOf(dimension, 1), course[T]{})
		if r == nil {
			return
		}
		if r.restore(state) == nil {
			f.addf("RestoreState accepts %s, want an error", name)
		}
		if c, ok := r.optimizer.(interface{ Close() error }); ok {
			_ = attempt("Close", c.Close) // that of a plugin's session returns the error again
		}
	}
}
