package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// Drop is one element of a step-size schedule: from the given fraction of the budget on, step sizes
// are multiplied by Factor, in addition to the previous drops.
type Drop struct {
	At     float64 `json:"at" yaml:"at"`         // fraction of the budget, in (0, 1)
	Factor float64 `json:"factor" yaml:"factor"` // > 0
}

// Decay is the shape of a schedule between 1 at its start and the final factor at the end of the
// budget.
type Decay string

// The shapes, where t in [0, 1] is the position between the start of the decay and the end of the
// budget.
const (
	Constant Decay = ""       // 1; written "constant"
	Linear   Decay = "linear" // 1 − t
	Cosine   Decay = "cosine" // (1 + cos πt)/2
	Sqrt     Decay = "sqrt"   // 1 − √t
)

var decays = []Decay{Linear, Cosine, Sqrt}

// Schedule is a step-size schedule: linear warm-up, then a constant factor, a decay or drops. With
// a late start of the decay it is known as warm-up–stable–decay. The zero value is the constant
// factor 1. [Schedule.Factor] defines its meaning.
//
// A schedule of drops alone is written as a list in YAML and JSON. Schedule has no method IsZero,
// so that an entry with the empty list differs from an entry without a schedule.
type Schedule struct {
	// fraction of the budget, in [0, 1); 0 for no warm-up
	Warmup float64 `json:"warmup,omitempty" yaml:"warmup,omitempty"`
	Decay  Decay   `json:"decay,omitempty" yaml:"decay,omitempty"`
	// start of the decay: fraction of the budget, in [Warmup, 1); 0 means Warmup
	Start float64 `json:"start,omitempty" yaml:"start,omitempty"`
	// factor of the decay at the end of the budget, in [0, 1)
	Final float64 `json:"final,omitempty" yaml:"final,omitempty"`
	Drops []Drop  `json:"drops,omitempty" yaml:"drops,omitempty"` // instead of a decay; ascending
}

// Factor returns the factor on the step size for the step on a batch of m examples, when seen of
// budget examples have been charged before it. It is the product of three functions of examples,
// and hence independent of batch sizes:
//
//	warm-up   min(1, (seen + m)/(Warmup·budget))
//	decay     Final + (1 − Final)·shape(t), t = max(0, seen − S)/(budget − S), S = Start·budget
//	drops     Π Factor over all drops with At·budget ≤ seen
//
// Warm-up depends on the end of the batch, decay on its beginning. So the first step, on a batch of
// m, has the factor m/(Warmup·budget) instead of 0; warm-up ends with the batch that completes its
// examples; and the last step, which begins one batch before the end of the budget, has a positive
// factor even in a decay to 0.
func (s *Schedule) Factor(seen int64, m int, budget int64) float64 {
	factor := 1.0
	if s.Warmup > 0 {
		factor = min(1, float64(seen+int64(m))/(s.Warmup*float64(budget)))
	}
	if s.Decay != Constant {
		start := max(s.Start, s.Warmup) * float64(budget)
		t := min(1, max(0, float64(seen)-start)/(float64(budget)-start))
		factor *= s.Final + (1-s.Final)*s.Decay.at(t)
	}
	for _, drop := range s.Drops {
		if float64(seen) >= drop.At*float64(budget) {
			factor *= drop.Factor
		}
	}
	return factor
}

// at returns the value of the shape at t in [0, 1].
func (d Decay) at(t float64) float64 {
	switch d {
	case Linear:
		return 1 - t
	case Cosine:
		return (1 + math.Cos(math.Pi*t)) / 2
	case Sqrt:
		return 1 - math.Sqrt(t)
	}
	return 1
}

func (s *Schedule) onlyDrops() bool {
	return s.Warmup == 0 && s.Decay == Constant && s.Start == 0 && s.Final == 0
}

// Equal reports whether two schedules have the same fields.
func (s Schedule) Equal(other Schedule) bool {
	return s.Warmup == other.Warmup && s.Decay == other.Decay && s.Start == other.Start &&
		s.Final == other.Final &&
		slices.Equal(s.Drops, other.Drops)
}

// Check returns an error that names the first invalid field.
func (s *Schedule) Check() error {
	switch {
	case !(s.Warmup >= 0 && s.Warmup < 1):
		return fmt.Errorf("warmup is %g, want a fraction of the budget in [0, 1)", s.Warmup)
	case s.Decay != Constant && !slices.Contains(decays, s.Decay):
		if s.Decay == "wsd" {
			return fmt.Errorf("decay is \"wsd\", want a shape; warm-up–stable–decay is a shape " +
				"with a late start, " +
				"such as {warmup: 0.05, decay: sqrt, start: 0.8}")
		}
		return Unknown("decay", string(s.Decay),
			[]string{"constant", string(Linear), string(Cosine), string(Sqrt)})
	case s.Decay == Constant && (s.Start != 0 || s.Final != 0):
		return fmt.Errorf("start is %g and final is %g, but there is no decay; add one, such as "+
			"\"decay: cosine\"", s.Start, s.Final)
	case s.Start != 0 && !(s.Start >= s.Warmup && s.Start < 1):
		return fmt.Errorf("start is %g, want a fraction of the budget in [%g, 1): after the "+
			"warm-up", s.Start, s.Warmup)
	case !(s.Final >= 0 && s.Final < 1):
		return fmt.Errorf("final is %g, want a factor in [0, 1)", s.Final)
	case s.Decay != Constant && len(s.Drops) > 0:
		return fmt.Errorf("the schedule has both a decay and drops; keep one")
	case len(s.Drops) > 0 && s.Drops[0].At < s.Warmup:
		return fmt.Errorf("drop 1 of the schedule is at %g, before the warm-up ends at %g",
			s.Drops[0].At, s.Warmup)
	}
	return checkDrops(s.Drops)
}

// checkDrops returns an error that names the first invalid drop.
func checkDrops(drops []Drop) error {
	for i, d := range drops {
		if !(d.At > 0 && d.At < 1) || !(d.Factor > 0) || !Finite(d.Factor) ||
			i > 0 && d.At <= drops[i-1].At {
			return fmt.Errorf("drop %d of the schedule is at %g by %g, want ascending fractions "+
				"in (0, 1) and factors above 0",
				i+1, d.At, d.Factor)
		}
	}
	return nil
}

// String describes the schedule, such as "warm-up over 5 % of the budget, then cosine decay to
// 0.1".
func (s Schedule) String() string {
	var after string
	switch {
	case s.Decay != Constant && s.Start > s.Warmup:
		after = fmt.Sprintf("constant up to %g %% of the budget, then %s decay to %g",
			percent(s.Start), s.Decay, s.Final)
	case s.Decay != Constant:
		after = fmt.Sprintf("%s decay to %g", s.Decay, s.Final)
	case len(s.Drops) == 0:
		after = "constant"
	}
	for i, d := range s.Drops {
		if i > 0 {
			after += ", "
		}
		after += fmt.Sprintf("times %g at %g %%", d.Factor, percent(d.At))
	}
	if s.Warmup > 0 {
		return fmt.Sprintf("warm-up over %g %% of the budget, then %s", percent(s.Warmup), after)
	}
	return after
}

// percent returns 100 times a fraction, rounded to hide the error of the last bits.
func percent(fraction float64) float64 { return math.Round(fraction*1e8) / 1e6 }

// plainSchedule is a Schedule with the default encoding.
type plainSchedule Schedule

// MarshalJSON writes a schedule of drops alone as a list.
func (s Schedule) MarshalJSON() ([]byte, error) {
	if !s.onlyDrops() {
		return json.Marshal(plainSchedule(s))
	}
	return json.Marshal(append([]Drop{}, s.Drops...))
}

// UnmarshalJSON reads the output of MarshalJSON. Unknown keys are errors.
func (s *Schedule) UnmarshalJSON(text []byte) error {
	*s = Schedule{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var err error
	if bytes.HasPrefix(text, []byte("[")) {
		err = d.Decode(&s.Drops)
	} else {
		err = d.Decode((*plainSchedule)(s))
	}
	*s = s.plain()
	return err
}

// MarshalYAML writes a schedule of drops alone as a list.
func (s Schedule) MarshalYAML() (any, error) {
	if !s.onlyDrops() {
		return plainSchedule(s), nil
	}
	return append([]Drop{}, s.Drops...), nil
}

// plain returns the canonical form of the schedule.
func (s Schedule) plain() Schedule {
	if s.Decay == "constant" {
		s.Decay = Constant
	}
	if len(s.Drops) == 0 {
		s.Drops = nil
	}
	return s
}
