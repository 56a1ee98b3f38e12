// Package protocoltest is the conformance suite of package protocol. It checks one definition of a
// test problem or an optimizer, in process or served by a plugin, by calling it as the harness
// does, and in ways that expose mistakes which a benchmark would otherwise record as results.
//
// A test of a problem or an optimizer takes one line,
//
//	if err := protocoltest.Optimizer(def); err != nil {
//		t.Error(err)
//	}
//
// and a command that checks a plugin prints what [ProblemChecks] and [OptimizerChecks] return.
//
// The suite fails if something that it expects is absent; a check that cannot be made never passes.
// Checks that do not apply (such as variance, for a problem that does not offer it) are not listed.
// If a check fails on which the following ones depend, it is the last in the list.
//
// A definition is called some thousand times, with a few dozen examples each. Each part of a
// problem's data is evaluated at most three times.
//
// A definition that passes may still be wrong: a loss with the right gradient may differ from that
// of the paper, an optimizer may follow the contract but not its equations, and not every
// coordinate is checked if there are thousands. Problems also need tests of known values,
// optimizers a trajectory computed by other means.
package protocoltest

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"noisebench/protocol"
)

// Check is the result of one check.
type Check struct {
	Name string // lower-case, words joined by hyphens
	// the checked part of the contract: R1 … R10 of package protocol, or one of its types or
	// methods
	Rule string
	Err  error // nil if passed; else the findings, joined
}

// Problem runs [ProblemChecks] and returns the joined findings, each with the name and the rule of
// its check; nil if there are none.
func Problem(def protocol.ProblemDef, params protocol.Setting) error {
	return join("problem "+def.Name, ProblemChecks(def, params))
}

// Optimizer runs [OptimizerChecks] and returns the joined findings, each with the name and the rule
// of its check; nil if there are none.
func Optimizer(def protocol.OptimizerDef) error {
	return join("optimizer "+def.Name, OptimizerChecks(def))
}

func join(subject string, checks []Check) error {
	var errs []error
	for _, c := range checks {
		if c.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %s (%s): %w", subject, c.Name, c.Rule, c.Err))
		}
	}
	return errors.Join(errs...)
}

// findings collects the findings of a check. A mistake often shows in many calls, of which the
// first few suffice.
type findings struct {
	mu   sync.Mutex
	errs []error
}

const mostFindings = 3

func (f *findings) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.errs {
		if e.Error() == err.Error() {
			return
		}
	}
	if len(f.errs) < mostFindings {
		f.errs = append(f.errs, err)
	}
}

func (f *findings) addf(format string, args ...any) { f.add(fmt.Errorf(format, args...)) }

// suite collects checks. Checks of the same name, in two precisions, are combined.
type suite struct{ checks []Check }

// check runs f and adds a check with its findings. It reports whether there are none.
func (s *suite) check(name, rule string, f func(*findings)) bool {
	var found findings
	f(&found)
	return s.list(name, rule, &found)
}

func (s *suite) list(name, rule string, found *findings) bool {
	err := errors.Join(found.errs...)
	for i := range s.checks {
		if s.checks[i].Name == name {
			s.checks[i].Err = errors.Join(s.checks[i].Err, err)
			return err == nil
		}
	}
	s.checks = append(s.checks, Check{name, rule, err})
	return err == nil
}

var errPanicked = errors.New("panicked")

// attempt calls f, a call of the definition under test, and converts a panic to an error.
func attempt(call string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s %w: %v", call, errPanicked, p)
		}
	}()
	if err := f(); err != nil {
		return fmt.Errorf("%s returned an error: %w", call, err)
	}
	return nil
}

// guard is the number of elements behind the end of each slice that the suite passes to a
// definition. They hold the sentinel, which must not change.
const guard = 8

// sentinel is a NaN that does not result from computations. An element that still holds it was not
// written, or was computed from the previous contents of the buffer.
func sentinel[T protocol.Float]() T {
	var v T
	switch p := any(&v).(type) {
	case *float32:
		*p = math.Float32frombits(0x7fc0beef)
	case *float64:
		*p = math.Float64frombits(0x7ff8beef_beefbeef)
	}
	return v
}

func bits[T protocol.Float](v T) uint64 {
	switch v := any(v).(type) {
	case float32:
		return uint64(math.Float32bits(v))
	case float64:
		return math.Float64bits(v)
	}
	panic("unreachable")
}

// buffer returns n elements, all sentinels, followed by the guard.
func buffer[T protocol.Float](n int) []T {
	all := make([]T, n+guard)
	for i := range all {
		all[i] = sentinel[T]()
	}
	return all[:n]
}

// guarded returns a copy of x, followed by the guard.
func guarded[T protocol.Float](x []T) []T {
	b := buffer[T](len(x))
	copy(b, x)
	return b
}

// overrun reports whether the guard behind b was written to.
func overrun[T protocol.Float](b []T) bool {
	return unwritten(b[len(b):len(b)+guard]) != guard
}

// unwritten counts the elements of b that hold the sentinel.
func unwritten[T protocol.Float](b []T) int {
	n, s := 0, bits(sentinel[T]())
	for _, v := range b {
		if bits(v) == s {
			n++
		}
	}
	return n
}

// differ returns the first index at which the bits of a and b, of equal length, differ, or -1.
func differ[T protocol.Float](a, b []T) int {
	for i := range a {
		if bits(a[i]) != bits(b[i]) {
			return i
		}
	}
	return -1
}

// epsilon is the distance from 1 to the next number of type T.
func epsilon[T protocol.Float]() float64 {
	if protocol.DTypeOf[T]() == protocol.Float32 {
		return 0x1p-23
	}
	return 0x1p-52
}

// finite reports whether all elements of x are finite.
func finite[T protocol.Float](x []T) bool {
	for _, v := range x {
		if !protocol.Finite(float64(v)) {
			return false
		}
	}
	return true
}
