package protocol_test

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

func TestHyperparameterCheck(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		h         protocol.Hyperparameter
		text      string
		good, bad []float64
	}{
		{protocol.StepSizeParameter(0.1), "(0, +Inf)", []float64{1e-300, 0.1, 1e300}, []float64{0, -1, inf, math.NaN()}},
		{protocol.Fraction("beta", "β", 0.9), "[0, 1)", []float64{0, math.Nextafter(1, 0)}, []float64{-1e-9, 1, 2, -inf}},
		{protocol.NonNegative("epsilon", "ε", 0), "[0, +Inf)", []float64{0, 1e9}, []float64{-1e-300, inf}},
		{protocol.Count("window", "w", 5, 2), "[2, +Inf), whole numbers", []float64{2, 3, 1e6}, []float64{1, 2.5, inf}},
		{protocol.Hyperparameter{Name: "p", Min: -1, Max: 1}, "[-1, 1]", []float64{-1, 1}, []float64{-1.1, 1.1}},
	} {
		if got := c.h.Range(); got != c.text {
			t.Errorf("range of %s is %s, want %s", c.h.Name, got, c.text)
		}
		for _, v := range append(c.good, c.h.Default) {
			if err := c.h.Check(v); err != nil {
				t.Error(err)
			}
		}
		for _, v := range c.bad {
			err := c.h.Check(v)
			if err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), c.h.Name) {
				t.Errorf("%s=%g gives %v, want an error with the name and the range", c.h.Name, v, err)
			}
		}
	}
}

func TestResolve(t *testing.T) {
	declared := []protocol.Hyperparameter{protocol.StepSizeParameter(0.1), protocol.Fraction("beta", "β", 0.9)}
	given := protocol.Setting{"beta": 0.5}
	got, err := protocol.Resolve(declared, given)
	if want := (protocol.Setting{"step_size": 0.1, "beta": 0.5}); err != nil || !maps.Equal(got, want) {
		t.Errorf("Resolve returns %q and %v, want %q", got, err, want)
	}
	if !maps.Equal(given, protocol.Setting{"beta": 0.5}) {
		t.Errorf("Resolve changed the setting to %q", given)
	}
	if got := got.String(); got != "beta=0.5 step_size=0.1" {
		t.Errorf("the setting reads %q", got)
	}
	for text, given := range map[string]protocol.Setting{
		`unknown parameter "bta"; did you mean beta?`: {"bta": 0.5},
		`beta is 1, want a value in [0, 1)`:           {"beta": 1},
		`step_size is NaN, want a value in (0, +Inf)`: {"step_size": math.NaN()},
	} {
		if got, err := protocol.Resolve(declared, given); err == nil || err.Error() != text || got != nil {
			t.Errorf("Resolve(%q) returns %q and %v, want the error %q", given, got, err, text)
		}
	}
}

func TestNear(t *testing.T) {
	known := []string{"sgd", "adam", "adamw", "adagrad", "m-svag", "svag", "cabs"}
	for name, want := range map[string][]string{
		"adma":    {"adam", "adamw"},
		"Adam":    {"adam", "adamw"},
		"msvag":   {"m-svag", "svag"},
		"ada":     {"adam", "adamw", "adagrad"},
		"lbfgs":   nil,
		"":        nil,
		"adagrid": {"adagrad"},
	} {
		if got := protocol.Near(name, known); !slices.Equal(got, want) {
			t.Errorf("near %q are %q, want %q", name, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	known := []string{"sgd", "adamw", "adam"}
	for text, err := range map[string]error{
		`unknown optimizer "adma"; did you mean adam or adamw?`: protocol.Unknown("optimizer", "adma", known),
		`unknown optimizer "lion"; known: adam, adamw, sgd`:     protocol.Unknown("optimizer", "lion", known),
		`unknown plan "x": there are none`:                      protocol.Unknown("plan", "x", nil),
	} {
		if err.Error() != text {
			t.Errorf("error is %q, want %q", err, text)
		}
	}
}

func TestFault(t *testing.T) {
	cause := errors.New("point has 3 coordinates, want 4")
	var err error = &protocol.Fault{Plugin: "lion", Call: "Step", Err: cause}
	if err.Error() != "plugin lion: Step: point has 3 coordinates, want 4" || !errors.Is(err, cause) {
		t.Errorf("fault is %q", err)
	}
}

// A parameter that was declared later is in a complete setting only where it is not at its default,
// so that the setting of an earlier run is still complete.
func TestResolveLater(t *testing.T) {
	declared := []protocol.Hyperparameter{
		{Name: "a", Default: 3, Max: 9}, {Name: "b", Default: 5, Max: 9, Later: true},
	}
	for _, c := range []struct{ given, want protocol.Setting }{
		{nil, protocol.Setting{"a": 3}},
		{protocol.Setting{"b": 5}, protocol.Setting{"a": 3}},
		{protocol.Setting{"a": 4, "b": 0}, protocol.Setting{"a": 4, "b": 0}},
	} {
		got, err := protocol.Resolve(declared, c.given)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%v is resolved to %v, %v, want %v", c.given, got, err, c.want)
		}
	}
	if _, err := protocol.Resolve(declared, protocol.Setting{"b": 10}); err == nil {
		t.Error("a value out of range is accepted")
	}
}
