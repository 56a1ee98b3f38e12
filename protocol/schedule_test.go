package protocol_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"noisebench/protocol"
)

// The factor is the closed form at exact points: before the step, seen of 1000 examples are
// charged, and its batch has m.
func TestScheduleFactor(t *testing.T) {
	drops := []protocol.Drop{{At: 0.5, Factor: 0.5}, {At: 0.75, Factor: 0.25}}
	for _, c := range []struct {
		schedule protocol.Schedule
		seen     int64
		m        int
		want     float64
	}{
		{protocol.Schedule{}, 500, 10, 1},

		{protocol.Schedule{Drops: drops}, 0, 1000, 1},
		{protocol.Schedule{Drops: drops}, 499, 10, 1},
		{protocol.Schedule{Drops: drops}, 500, 10, 0.5},
		{protocol.Schedule{Drops: drops}, 749, 10, 0.5},
		{protocol.Schedule{Drops: drops}, 750, 10, 0.125},
		{protocol.Schedule{Drops: drops}, 1000, 10, 0.125},

		// Warm-up over 200 examples depends on the end of the batch: never 0, and 1 with the batch
		// that completes it.
		{protocol.Schedule{Warmup: 0.2}, 0, 50, 0.25},
		{protocol.Schedule{Warmup: 0.2}, 50, 50, 0.5},
		{protocol.Schedule{Warmup: 0.2}, 150, 50, 1},
		{protocol.Schedule{Warmup: 0.2}, 0, 1, 0.005},
		{protocol.Schedule{Warmup: 0.2}, 190, 50, 1},
		{protocol.Schedule{Warmup: 0.2}, 0, 1000, 1},
		{protocol.Schedule{Warmup: 0.2}, 900, 50, 1},

		// Decay depends on the beginning of the batch: 1 at its start, and not yet final at the
		// last step.
		{protocol.Schedule{Decay: protocol.Linear}, 0, 100, 1},
		{protocol.Schedule{Decay: protocol.Linear}, 250, 100, 0.75},
		{protocol.Schedule{Decay: protocol.Linear}, 900, 100, 0.1},
		{protocol.Schedule{Decay: protocol.Linear, Final: 0.2}, 500, 100, 0.6},
		{protocol.Schedule{Decay: protocol.Linear, Final: 0.2}, 1000, 1, 0.2},
		{protocol.Schedule{Decay: protocol.Cosine}, 0, 100, 1},
		{protocol.Schedule{Decay: protocol.Cosine}, 250, 100, (1 + math.Sqrt2/2) / 2},
		{protocol.Schedule{Decay: protocol.Cosine}, 500, 100, 0.5},
		{protocol.Schedule{Decay: protocol.Cosine, Final: 0.1}, 500, 100, 0.55},
		{protocol.Schedule{Decay: protocol.Sqrt}, 0, 100, 1},
		{protocol.Schedule{Decay: protocol.Sqrt}, 250, 100, 0.5},
		{protocol.Schedule{Decay: protocol.Sqrt, Final: 0.5}, 810, 100, 0.55},

		// After a warm-up the decay starts where that ends.
		{protocol.Schedule{Warmup: 0.2, Decay: protocol.Linear}, 0, 50, 0.25},
		{protocol.Schedule{Warmup: 0.2, Decay: protocol.Linear}, 150, 100, 1},
		{protocol.Schedule{Warmup: 0.2, Decay: protocol.Linear}, 200, 100, 1},
		{protocol.Schedule{Warmup: 0.2, Decay: protocol.Linear}, 600, 100, 0.5},

		// Warm-up–stable–decay.
		{protocol.Schedule{Warmup: 0.1, Decay: protocol.Sqrt, Start: 0.6}, 50, 25, 0.75},
		{protocol.Schedule{Warmup: 0.1, Decay: protocol.Sqrt, Start: 0.6}, 100, 25, 1},
		{protocol.Schedule{Warmup: 0.1, Decay: protocol.Sqrt, Start: 0.6}, 600, 25, 1},
		{protocol.Schedule{Warmup: 0.1, Decay: protocol.Sqrt, Start: 0.6}, 700, 25, 0.5},
		{protocol.Schedule{Warmup: 0.1, Decay: protocol.Linear, Start: 0.75, Final: 0.1}, 875, 25, 0.55},

		{protocol.Schedule{Warmup: 0.2, Drops: drops}, 50, 50, 0.5},
		{protocol.Schedule{Warmup: 0.2, Drops: drops}, 750, 50, 0.125},
	} {
		if got := c.schedule.Factor(c.seen, c.m, 1000); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s: the factor of %d examples after %d of 1000 is %v, want %v", c.schedule, c.m, c.seen, got, c.want)
		}
	}
}

// No step of a run is wasted, whatever its batch sizes: factors are above 0, and at most 1.
func TestScheduleWastesNoStep(t *testing.T) {
	for _, decay := range []protocol.Decay{protocol.Constant, protocol.Linear, protocol.Cosine, protocol.Sqrt} {
		for _, warmup := range []float64{0, 0.05, 0.5} {
			s := protocol.Schedule{Warmup: warmup, Decay: decay}
			for seen, step := int64(0), 0; seen < 1000; step++ {
				m := 1 + step*step%7
				if f := s.Factor(seen, m, 1000); !(f > 0 && f <= 1) {
					t.Errorf("%s: the factor of %d examples after %d of 1000 is %v, want it in (0, 1]", s, m, seen, f)
				}
				seen += int64(m)
			}
		}
	}
}

func TestScheduleCheck(t *testing.T) {
	for _, s := range []protocol.Schedule{
		{},
		{Warmup: 0.1, Decay: protocol.Cosine, Final: 0.1},
		{Warmup: 0.1, Decay: protocol.Sqrt, Start: 0.8},
		{Decay: protocol.Linear},
		{Warmup: 0.5, Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}, {At: 0.6, Factor: 2}}},
	} {
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, c := range []struct {
		schedule protocol.Schedule
		want     string
	}{
		{protocol.Schedule{Warmup: 1}, "warmup is 1, want a fraction of the budget in [0, 1)"},
		{protocol.Schedule{Warmup: -0.1}, "warmup is -0.1"},
		{protocol.Schedule{Warmup: math.NaN()}, "warmup is NaN"},
		{protocol.Schedule{Decay: "cosin"}, `unknown decay "cosin"; did you mean cosine?`},
		{protocol.Schedule{Decay: "wsd"}, "such as {warmup: 0.05, decay: sqrt, start: 0.8}"},
		{protocol.Schedule{Final: 0.1}, "there is no decay"},
		{protocol.Schedule{Start: 0.1}, "there is no decay"},
		{protocol.Schedule{Decay: protocol.Linear, Final: 1}, "final is 1, want a factor in [0, 1)"},
		{protocol.Schedule{Decay: protocol.Linear, Final: -1}, "final is -1"},
		{protocol.Schedule{Decay: protocol.Linear, Start: 1}, "start is 1, want a fraction of the budget in [0, 1)"},
		{protocol.Schedule{Decay: protocol.Linear, Start: 0.1, Warmup: 0.2}, "start is 0.1, want a fraction of the budget in [0.2, 1)"},
		{protocol.Schedule{Decay: protocol.Linear, Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}}}, "both a decay and drops"},
		{protocol.Schedule{Warmup: 0.3, Drops: []protocol.Drop{{At: 0.2, Factor: 0.1}}}, "before the warm-up ends"},
		{protocol.Schedule{Drops: []protocol.Drop{{At: 0.2}}}, "drop 1"},
	} {
		if err := c.schedule.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check of %+v returns %v, want an error with %q", c.schedule, err, c.want)
		}
	}
}

// Drops alone are written in the original format, everything else with keys. Both read back.
func TestScheduleJSON(t *testing.T) {
	for _, c := range []struct {
		schedule protocol.Schedule
		want     string
	}{
		{protocol.Schedule{}, `{}`},
		{protocol.Schedule{Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}}}, `{"schedule":[{"at":0.5,"factor":0.1}]}`},
		{
			protocol.Schedule{Warmup: 0.05, Decay: protocol.Cosine, Final: 0.1},
			`{"schedule":{"warmup":0.05,"decay":"cosine","final":0.1}}`,
		},
		{
			protocol.Schedule{Warmup: 0.05, Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}}},
			`{"schedule":{"warmup":0.05,"drops":[{"at":0.5,"factor":0.1}]}}`,
		},
	} {
		type run struct {
			Schedule protocol.Schedule `json:"schedule,omitzero"`
		}
		text, err := json.Marshal(run{c.schedule})
		if err != nil || string(text) != c.want {
			t.Errorf("%s is written %s, %v; want %s", c.schedule, text, err, c.want)
		}
		var back run
		if err := json.Unmarshal(text, &back); err != nil || !back.Schedule.Equal(c.schedule) {
			t.Errorf("%s is read as %+v, %v", text, back, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"warm":0.1}`), new(protocol.Schedule)); err == nil {
		t.Error("a schedule with an unknown key is read")
	}
}

func TestScheduleString(t *testing.T) {
	for want, s := range map[string]protocol.Schedule{
		"constant": {},
		"warm-up over 5 % of the budget, then constant":            {Warmup: 0.05},
		"warm-up over 5 % of the budget, then cosine decay to 0.1": {Warmup: 0.05, Decay: protocol.Cosine, Final: 0.1},
		"constant up to 80 % of the budget, then sqrt decay to 0":  {Decay: protocol.Sqrt, Start: 0.8},
		"times 0.1 at 50 %, times 0.5 at 62.5 %":                   {Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}, {At: 0.625, Factor: 0.5}}},
		"warm-up over 10 % of the budget, then times 0.1 at 50 %":  {Warmup: 0.1, Drops: []protocol.Drop{{At: 0.5, Factor: 0.1}}},
	} {
		if got := s.String(); got != want {
			t.Errorf("%+v is called %q, want %q", s, got, want)
		}
	}
}

// The most specific schedule of a run takes precedence.
func TestScheduleOf(t *testing.T) {
	own := protocol.Drop{At: 0.5, Factor: 0.1}
	at := func(warmup float64) *protocol.Schedule { return &protocol.Schedule{Warmup: warmup} }
	spec := protocol.ProblemSpec{Schedule: []protocol.Drop{own}}
	for _, c := range []struct {
		plan, problem, optimizer *protocol.Schedule
		want                     protocol.Schedule
	}{
		{nil, nil, nil, protocol.Schedule{Drops: []protocol.Drop{own}}},
		{at(0.1), nil, nil, *at(0.1)},
		{at(0.1), at(0.2), nil, *at(0.2)},
		{at(0.1), at(0.2), at(0.3), *at(0.3)},
		{nil, nil, at(0.3), *at(0.3)},
		{at(0.1), nil, at(0), protocol.Schedule{}},
	} {
		p := protocol.Plan{Schedule: c.plan}
		e, o := &protocol.ProblemEntry{Schedule: c.problem}, &protocol.OptimizerEntry{Schedule: c.optimizer}
		if got := p.ScheduleOf(e, o, &spec); !got.Equal(c.want) {
			t.Errorf("the schedule of %v, %v, %v is %s, want %s", c.plan, c.problem, c.optimizer, got, c.want)
		}
	}
	p := protocol.Plan{Schedule: &protocol.Schedule{Decay: "constant", Drops: []protocol.Drop{}}}
	if got := p.ScheduleOf(&protocol.ProblemEntry{}, nil, &spec); got.Decay != protocol.Constant || got.Drops != nil {
		t.Errorf("what is constant by another name is %+v, want the zero value: else runs have two names", got)
	}
	p = protocol.Plan{Schedule: at(0.1)}
	if got := p.ScheduleOf(&protocol.ProblemEntry{}, nil, &spec); !got.Equal(*at(0.1)) {
		t.Errorf("without an optimizer entry the schedule is %s, want the plan's", got)
	}
}
