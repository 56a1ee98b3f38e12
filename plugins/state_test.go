package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

// open64 opens an optimizer on d elements.
func open64(t *testing.T, def protocol.OptimizerDef, d int) protocol.Optimizer[float64] {
	t.Helper()
	o, _, err := def.New64(protocol.Start{
		Setting: protocol.Setting{"step_size": 0.1}, Dim: d, DType: protocol.Float64, BatchSize: 8, Train: 100, Budget: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// steps makes steps from number from to to−1, each with a gradient of its own.
func steps(t *testing.T, o protocol.Optimizer[float64], x []float64, from, to int) {
	t.Helper()
	g := make([]float64, len(x))
	for n := from; n < to; n++ {
		for j := range g {
			g[j] = math.Sin(float64(n*len(x)+j)) + x[j]
		}
		m := protocol.Measurement[float64]{Have: protocol.Gradient, BatchSize: 8, Gradient: g, Step: n, StepScale: 1}
		if _, err := o.Step(x, &m); err != nil {
			t.Fatal(err)
		}
	}
}

// A state that was saved in one process continues with the same bits in another one, on every
// transport and at every length: one that fits into a mailbox, and one of several pieces.
func TestStateMovesToAnotherProcess(t *testing.T) {
	for _, d := range []int{3, 3840, 20000} { // 3840: v and mean have 61440 bytes together, the length of a piece
		local := open64(t, optimizerDef("heavy"), d)
		want := make([]float64, d)
		steps(t, local, want, 0, 7)
		var first []byte
		for _, transport := range []Transport{Doorbell, Memory, Messages} {
			t.Run(fmt.Sprintf("%s/%d", transport, d), func(t *testing.T) {
				x := make([]float64, d)
				one := open64(t, launch(t, newHost(t, Options{Transport: transport}), "good").optimizer(t, "heavy"), d)
				at0, err := protocol.SaveState(one)
				if err != nil {
					t.Fatal(err)
				}
				steps(t, one, x, 0, 4)
				state, err := protocol.SaveState(one)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := protocol.SaveState(one); err != nil || !bytes.Equal(again, state) {
					t.Errorf("a second save differs (error %v)", err)
				}
				if first == nil {
					first = state
				}
				if !bytes.Equal(first, state) {
					t.Error("the state is saved as other bytes than on another transport")
				}
				two := open64(t, launch(t, newHost(t, Options{Transport: transport}), "good").optimizer(t, "heavy"), d)
				if err := protocol.RestoreState(two, state); err != nil {
					t.Fatal(err)
				}
				steps(t, two, x, 4, 7)
				if !slices.Equal(x, want) {
					t.Error("the restored optimizer goes on to other points")
				}
				out, mean := make([]float64, d), make([]float64, d)
				two.(protocol.Averager[float64]).Estimate(x, out)
				local.(protocol.Averager[float64]).Estimate(x, mean)
				if !slices.Equal(out, mean) {
					t.Error("the restored optimizer has another estimate")
				}
				// Back to the start.
				if err := protocol.RestoreState(two, at0); err != nil {
					t.Fatal(err)
				}
				clear(x)
				steps(t, two, x, 0, 7)
				if !slices.Equal(x, want) {
					t.Error("restored at step 0, it goes to other points")
				}
				// The optimizer that was saved has not noticed.
				clear(x)
				if err := protocol.RestoreState(one, at0); err != nil {
					t.Fatal(err)
				}
				steps(t, one, x, 0, 4)
				if _, err := protocol.SaveState(one); err != nil {
					t.Fatal(err)
				}
				steps(t, one, x, 4, 7)
				if !slices.Equal(x, want) {
					t.Error("saved on the way, it goes to other points")
				}
			})
		}
	}
}

// A state that does not fit fails the run that it was given to, with the reason.
func TestForeignState(t *testing.T) {
	for _, transport := range []Transport{Doorbell, Messages} {
		p := launch(t, newHost(t, Options{Transport: transport}), "good")
		heavy := p.optimizer(t, "heavy")
		state, err := protocol.SaveState(open64(t, heavy, 20000))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			dim   int
			state []byte
			want  string
		}{
			{20000, state[:len(state)-1], "cut short"},
			{20000, state[:61440], "cut short"},
			{20000, nil, "no saved state"},
			{20001, state, "20000 elements, want 20001"},
		} {
			o := open64(t, heavy, c.dim)
			err := protocol.RestoreState(o, c.state)
			var fault *protocol.Fault
			if !errors.As(err, &fault) || fault.Call != "Restore" || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), "good (optimizer heavy)") {
				t.Errorf("%s: error is %v, want a Fault of Restore with %q", transport, err, c.want)
			}
			if err := o.(io.Closer).Close(); !errors.As(err, &fault) {
				t.Errorf("Close gives %v, want the fault", err)
			}
		}
		plain := open64(t, p.optimizer(t, "plain"), 3)
		if _, err := protocol.SaveState(plain); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("the state of an optimizer that does not save: error is %v, want ErrUnsupported", err)
		}
		if err := protocol.RestoreState(plain, state); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a state for an optimizer that does not save: error is %v, want ErrUnsupported", err)
		}
		steps(t, plain, make([]float64, 3), 0, 2) // it is unaffected
	}
}

// An optimizer that declares Saves and has no state is refused when it is opened.
func TestSavesWithoutState(t *testing.T) {
	p := launch(t, newHost(t, Options{}), "stateless")
	_, _, err := p.Optimizers[0].New64(protocol.Start{Setting: protocol.Setting{"step_size": 0.1}, Dim: 3, DType: protocol.Float64})
	if err == nil || !strings.Contains(err.Error(), "declares Saves, but it has no method State") {
		t.Errorf("New64 gives %v, want that it has no method State", err)
	}
}
