package protocol

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// StepSize is the name of the hyperparameter that the protocol's search tunes.
const StepSize = "step_size"

// ValidationParameter is the name of the parameter of problems that can do without validation
// examples: how many are held out. At 0, they are trained on, and tables say so.
const ValidationParameter = "validation"

// Setting maps names of hyperparameters, or of a problem's parameters, to values.
type Setting map[string]float64

// Hyperparameter declares one hyperparameter of an optimizer, or one parameter of a problem.
type Hyperparameter struct {
	Name    string  // lower_snake_case
	Doc     string  // one line: meaning, symbol in the source
	Default float64 // for step_size: the starting point of the search
	Min     float64 // least allowed value
	Max     float64 // greatest allowed value; may be +Inf
	MinOpen bool    // Min itself is excluded
	MaxOpen bool    // Max itself is excluded
	Integer bool    // only integers are allowed
	// the scale is logarithmic: tuning over a range spaces values evenly in their logarithms
	Log   bool
	Tuned bool      // the protocol tunes it
	Grid  []float64 // if Tuned and not step_size: the values to try, including Default
	// there were runs before it was declared: a complete setting omits it at its default, so that
	// these runs keep their identity
	Later bool
}

// StepSizeParameter declares the step size α ∈ (0, ∞) that most optimizers have: tuned, on a
// logarithmic scale, with the starting point of the search.
func StepSizeParameter(start float64) Hyperparameter {
	return Hyperparameter{
		Name: StepSize, Doc: "step size α", Default: start, Max: math.Inf(1), MinOpen: true,
		Log: true, Tuned: true,
	}
}

// Fraction declares a hyperparameter in [0, 1) such as a decay rate β.
func Fraction(name, doc string, value float64) Hyperparameter {
	return Hyperparameter{Name: name, Doc: doc, Default: value, Max: 1, MaxOpen: true}
}

// NonNegative declares a hyperparameter in [0, ∞) such as ε, on a logarithmic scale.
func NonNegative(name, doc string, value float64) Hyperparameter {
	return Hyperparameter{
		Name: name, Doc: doc, Default: value, Max: math.Inf(1), MaxOpen: true,
		Log: true,
	}
}

// Count declares an integer hyperparameter of at least least.
func Count(name, doc string, value, least int) Hyperparameter {
	return Hyperparameter{
		Name: name, Doc: doc, Default: float64(value),
		Min: float64(least), Max: math.Inf(1), MaxOpen: true, Integer: true,
	}
}

// Logarithmic reports whether the scale is logarithmic, as that of the step size always is.
func (h Hyperparameter) Logarithmic() bool { return h.Log || h.Name == StepSize }

// Range returns the allowed values as an interval, such as "[0, 1)".
func (h Hyperparameter) Range() string {
	left, right := "[", "]"
	if h.MinOpen {
		left = "("
	}
	if h.MaxOpen || math.IsInf(h.Max, 1) {
		right = ")"
	}
	integer := ""
	if h.Integer {
		integer = ", whole numbers"
	}
	return fmt.Sprintf("%s%g, %g%s%s", left, h.Min, h.Max, right, integer)
}

// Check returns an error that states the range if v is not allowed.
func (h Hyperparameter) Check(v float64) error {
	switch {
	case !Finite(v), v < h.Min, v > h.Max, h.MinOpen && v == h.Min, h.MaxOpen && v == h.Max,
		h.Integer && v != math.Trunc(v):
		return fmt.Errorf("%s is %g, want a value in %s", h.Name, v, h.Range())
	}
	return nil
}

// Resolve returns a complete setting: given, with the declared defaults for omitted names. Unknown
// names and values out of range are errors. given is not modified.
// What is declared as Later is omitted at its default.
func Resolve(declared []Hyperparameter, given Setting) (Setting, error) {
	known := make([]string, len(declared))
	full := make(Setting, len(declared))
	for i, h := range declared {
		known[i] = h.Name
		full[h.Name] = h.Default
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, Unknown("parameter", name, known)
		}
		if err := declared[i].Check(given[name]); err != nil {
			return nil, err
		}
		full[name] = given[name]
	}
	for _, h := range declared {
		if h.Later && full[h.Name] == h.Default {
			delete(full, h.Name)
		}
	}
	return full, nil
}

// String formats the setting as "a=1 b=0.5", sorted by name.
func (s Setting) String() string {
	parts := make([]string, 0, len(s))
	for _, name := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, fmt.Sprintf("%s=%g", name, s[name]))
	}
	return strings.Join(parts, " ")
}
