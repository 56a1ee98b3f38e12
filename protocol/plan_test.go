package protocol_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"noisebench/protocol"
)

func plan() protocol.Plan {
	return protocol.Plan{
		Name:       "p",
		Problems:   []protocol.ProblemEntry{{Problem: "beale"}, {Problem: "beale", Name: "beale, long", Budget: 1000}},
		Optimizers: []protocol.OptimizerEntry{{Optimizer: "sgd"}, {Optimizer: "adam"}},
	}
}

func TestPlanDefaults(t *testing.T) {
	given := plan()
	p := given.WithDefaults()
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if p.Replicates != 10 || p.Tuning.SweepSeed() != 1000 || p.Order != protocol.Reshuffled ||
		p.Selection != protocol.ValidationPart || p.Report != protocol.Best ||
		!*p.OneShot || p.Problems[0].Name != "beale" || p.Problems[1].Name != "beale, long" {
		t.Errorf("plan with defaults is %+v", p)
	}
	if given.Problems[0].Name != "" || given.Optimizers[0].Name != "" {
		t.Errorf("WithDefaults changed the entries of the plan it was called on: %+v", given)
	}
	if d := p.Deviations(); len(d) > 0 {
		t.Errorf("the standard protocol deviates from itself: %q", d)
	}
	no := false
	given.OneShot, given.Replicates, given.Tuning.TieSeeds = &no, 3, -1
	p = given.WithDefaults()
	if *p.OneShot || p.Replicates != 3 || p.Tuning.TieSeeds != -1 || p.Check() != nil {
		t.Errorf("defaults replaced what was given: %+v, %v", p, p.Check())
	}
}

func TestPlanCheck(t *testing.T) {
	for text, change := range map[string]func(*protocol.Plan){
		"has no name":                  func(p *protocol.Plan) { p.Name = "" },
		"no problems":                  func(p *protocol.Plan) { p.Problems = nil },
		"no optimizers":                func(p *protocol.Plan) { p.Optimizers = nil },
		"replicates is -1":             func(p *protocol.Plan) { p.Replicates = -1 },
		"replicates is 1000000000":     func(p *protocol.Plan) { p.Replicates = 1e9 },
		`named "two\nlines"`:           func(p *protocol.Plan) { p.Problems[0].Name = "two\nlines" },
		`named " "`:                    func(p *protocol.Plan) { p.Optimizers[0].Name = " " },
		"evaluations is -1":            func(p *protocol.Plan) { p.Evaluations = -1 },
		"tuning.runs is -1":            func(p *protocol.Plan) { p.Tuning.Runs = -1 },
		"tie_seeds is -2":              func(p *protocol.Plan) { p.Tuning.TieSeeds = -2 },
		"tie_settings is -1":           func(p *protocol.Plan) { p.Tuning.TieSettings = -1 },
		`order is "sorted"`:            func(p *protocol.Plan) { p.Order = "sorted" },
		`selection is "train"`:         func(p *protocol.Plan) { p.Selection = protocol.TrainPart },
		`report is "mean"`:             func(p *protocol.Plan) { p.Report = "mean" },
		"entry 2 under problems":       func(p *protocol.Plan) { p.Problems[1].Problem = "" },
		`two problems of the plan are`: func(p *protocol.Plan) { p.Problems[1].Name = "beale" },
		"budget is -1":                 func(p *protocol.Plan) { p.Problems[0].Budget = -1 },
		"batch_size is -2":             func(p *protocol.Plan) { p.Problems[0].BatchSize = -2 },
		"problem beale: drop 1": func(p *protocol.Plan) {
			p.Problems[0].Schedule = &protocol.Schedule{Drops: []protocol.Drop{{At: 2, Factor: 1}}}
		},
		"entry 1 under optimizers":         func(p *protocol.Plan) { p.Optimizers[0].Optimizer = "" },
		`two optimizers of the plan are`:   func(p *protocol.Plan) { p.Optimizers[1].Name = "sgd" },
		"optimizer adam: batch_size is -3": func(p *protocol.Plan) { p.Optimizers[1].BatchSize = -3 },
		"sweep.beta lists no values": func(p *protocol.Plan) {
			p.Optimizers[1].Sweep = map[string][]float64{"beta": nil}
		},
		"schedule of the plan: warmup is 2": func(p *protocol.Plan) { p.Schedule = &protocol.Schedule{Warmup: 2} },
		"optimizer sgd: warmup is 2":        func(p *protocol.Plan) { p.Optimizers[0].Schedule = &protocol.Schedule{Warmup: 2} },
		"optimizer sgd: clip is -1":         func(p *protocol.Plan) { p.Optimizers[0].Clip = -1 },
		"optimizer sgd: clip is +Inf":       func(p *protocol.Plan) { p.Optimizers[0].Clip = math.Inf(1) },
		"group small lists no problems": func(p *protocol.Plan) {
			p.Groups = map[string][]string{"small": {}}
		},
		"group small lists problem beale twice": func(p *protocol.Plan) {
			p.Groups = map[string][]string{"small": {"beale", "beale"}}
		},
		`group small: unknown problem "bale"; did you mean beale?`: func(p *protocol.Plan) {
			p.Groups = map[string][]string{"small": {"bale"}}
		},
		`a group is named "a\nb"`: func(p *protocol.Plan) {
			p.Groups = map[string][]string{"a\nb": {"beale"}}
		},
		"problem beale: epochs is -2":          func(p *protocol.Plan) { p.Problems[0].Epochs = -2 },
		"problem beale: epochs is NaN":         func(p *protocol.Plan) { p.Problems[0].Epochs = math.NaN() },
		"both a budget, of 1000 examples, and": func(p *protocol.Plan) { p.Problems[1].Epochs = 2 },
		"tune.beta is [0.5], want a range [least, greatest]": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": {0.5}}
		},
		"tune.beta is [0.5 0.5], want a range [least, greatest] of two numbers, the least less than the greatest": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": {0.5, 0.5}}
		},
		"tune.beta is [0.5 +Inf], want a range": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": {0.5, math.Inf(1)}}
		},
		"tune.beta lists no values": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": nil}
		},
		"beta is both under set and under tune": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": {0.5, 0.9}}
			p.Optimizers[1].Set = protocol.Setting{"beta": 0.5}
		},
		"both a sweep, of alpha, beta, and ranges to tune, of beta; keep one": func(p *protocol.Plan) {
			p.Optimizers[1].Tune = map[string][]float64{"beta": {0.5, 0.9}}
			p.Optimizers[1].Sweep = map[string][]float64{"beta": {0.5}, "alpha": {1}}
		},
		"both under set and under sweep": func(p *protocol.Plan) {
			p.Optimizers[1].Sweep = map[string][]float64{"beta": {0.5}}
			p.Optimizers[1].Set = protocol.Setting{"beta": 0.5}
		},
	} {
		p := plan()
		change(&p)
		p = p.WithDefaults()
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Check returns %v, want an error with %q", err, text)
		}
	}
}

func TestEntryExamples(t *testing.T) {
	spec := protocol.ProblemSpec{Train: 1077, Budget: 5000}
	for _, c := range []struct {
		entry protocol.ProblemEntry
		want  int64
	}{
		{protocol.ProblemEntry{}, 5000},
		{protocol.ProblemEntry{Budget: 70}, 70},
		{protocol.ProblemEntry{Epochs: 3}, 3231},
		{protocol.ProblemEntry{Epochs: 0.5}, 539}, // 538.5
		{protocol.ProblemEntry{Epochs: 0.001}, 1},
	} {
		if got, err := c.entry.Examples(&spec); got != c.want || err != nil {
			t.Errorf("budget %d and epochs %g make %d examples, %v; want %d", c.entry.Budget, c.entry.Epochs, got, err, c.want)
		}
	}
	for want, c := range map[string]struct {
		epochs float64
		train  int
	}{
		"data are endless": {3, 0}, "which makes 0 examples": {1e-9, 1077}, "which makes 1.077e+23 examples": {1e20, 1077},
	} {
		e := protocol.ProblemEntry{Epochs: c.epochs}
		if _, err := e.Examples(&protocol.ProblemSpec{Train: c.train}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%g epochs of %d examples: error %v, want one with %q", c.epochs, c.train, err, want)
		}
	}
}

func TestPlanDeviations(t *testing.T) {
	const counted = "a tuning seed is counted among the replicates"
	for _, c := range []struct {
		first, tuning uint64
		ties          int
		want          []string
	}{
		{0, 1000, 3, nil},
		{0, 9, -1, []string{counted}},
		{0, 10, -1, nil},
		{10, 6, 3, nil},
		{10, 7, 3, []string{counted}}, // the tie step uses 8, 9 and 10
		{10, 9, -1, nil},
	} {
		p := plan()
		p.FirstSeed, p.Tuning.Seed, p.Tuning.TieSeeds = c.first, &c.tuning, c.ties
		p = p.WithDefaults()
		if got := p.Deviations(); !slices.Equal(got, c.want) {
			t.Errorf("with replicates from %d, tuning seed %d and %d tie seeds deviations are %q, want %q", c.first, c.tuning,
				c.ties, got, c.want)
		}
	}
	p := plan()
	p.Selection, p.Order, p.Report = protocol.TestPart, protocol.Frozen, protocol.Final
	p = p.WithDefaults()
	want := []string{
		"settings are selected on test data", "the data order is frozen", "runs are judged at their last point",
	}
	if got := p.Deviations(); !slices.Equal(got, want) {
		t.Errorf("deviations are %q, want %q", got, want)
	}
	p = plan().WithDefaults()
	p.Problems = []protocol.ProblemEntry{
		{Name: "a", With: protocol.Setting{"validation": 0}},
		{Name: "b", With: protocol.Setting{"validation": 100}},
		{Name: "c"},
		{Name: "d", With: protocol.Setting{"validation": 0}},
	}
	want = []string{"no validation examples are held out, all are trained on: a, d"}
	if got := p.Deviations(); !slices.Equal(got, want) {
		t.Errorf("deviations are %q, want %q", got, want)
	}
}

func TestProblemSpecCheck(t *testing.T) {
	spec := func() protocol.ProblemSpec {
		return protocol.ProblemSpec{
			Dim: 5, DType: protocol.Float32, Train: 100, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"},
			BatchSize: 10, Budget: 1000, Schedule: []protocol.Drop{{At: 0.5, Factor: 0.1}, {At: 0.75, Factor: 0.1}},
			Blocks: []protocol.Block{{Name: "a", Len: 2}, {Name: "b", Offset: 2, Len: 3}},
		}
	}
	good := spec()
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for text, change := range map[string]func(*protocol.ProblemSpec){
		"dim is 4294967296": func(s *protocol.ProblemSpec) { s.Dim = 1 << 32 },
		"constant optimum is NaN": func(s *protocol.ProblemSpec) {
			s.Constants = map[string]float64{"optimum": math.NaN(), "smoothness": 1}
		},
		"dim is 0":                            func(s *protocol.ProblemSpec) { s.Dim = 0 },
		`dtype is "float16"`:                  func(s *protocol.ProblemSpec) { s.DType = "float16" },
		"examples, want 0 to 281474976710656": func(s *protocol.ProblemSpec) { s.Train = 1<<48 + 1 },
		"budget is 281474976710657 examples":  func(s *protocol.ProblemSpec) { s.Budget = 1<<48 + 1 },
		"131073 blocks":                       func(s *protocol.ProblemSpec) { s.Blocks = make([]protocol.Block, 1<<17+1) },
		"a name of 257 bytes and 0 axes":      func(s *protocol.ProblemSpec) { s.Blocks[1].Name = strings.Repeat("b", 257) },
		"a name of 1 bytes and 17 axes":       func(s *protocol.ProblemSpec) { s.Blocks[1].Shape = make([]int, 17) },
		"metric's name has 257 bytes":         func(s *protocol.ProblemSpec) { s.Metric.Name = strings.Repeat("m", 257) },
		"there are 10001 drops":               func(s *protocol.ProblemSpec) { s.Schedule = make([]protocol.Drop, 10001) },
		"10001 data files":                    func(s *protocol.ProblemSpec) { s.Data = make([]protocol.DataFile, 10001) },
		"a name or hash of 257 bytes": func(s *protocol.ProblemSpec) {
			s.Data = []protocol.DataFile{{Name: "d", SHA256: strings.Repeat("d", 257)}}
		},
		"has a name of 300 bytes": func(s *protocol.ProblemSpec) {
			s.Constants = map[string]float64{strings.Repeat("c", 300): 1}
		},
		"and -1 examples":   func(s *protocol.ProblemSpec) { s.Test = -1 },
		"measures variance": func(s *protocol.ProblemSpec) { s.Measures = protocol.Variance },
		"unknown":           func(s *protocol.ProblemSpec) { s.Measures |= 1 << 20 },
		"measures fisher at dim 4097, want at most 4096": func(s *protocol.ProblemSpec) {
			s.Dim, s.Measures, s.Blocks = 4097, protocol.Gradient|protocol.Fisher, nil
		},
		"metric has no name":     func(s *protocol.ProblemSpec) { s.Metric.Name = "" },
		"batch size is 0":        func(s *protocol.ProblemSpec) { s.BatchSize = 0 },
		"budget is 9":            func(s *protocol.ProblemSpec) { s.Budget = 9 },
		`block "b" covers [3`:    func(s *protocol.ProblemSpec) { s.Blocks[1].Offset = 3 },
		`block "b" covers [2, 2`: func(s *protocol.ProblemSpec) { s.Blocks[1].Len = 0 },
		"blocks cover 4":         func(s *protocol.ProblemSpec) { s.Blocks[1].Len = 2 },
		"drop 2":                 func(s *protocol.ProblemSpec) { s.Schedule[1].At = 0.5 },
	} {
		s := spec()
		change(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Check returns %v, want an error with %q", err, text)
		}
	}
	for _, d := range []protocol.Drop{
		{At: 0, Factor: 1},
		{At: 1, Factor: 1},
		{At: math.NaN(), Factor: 1},
		{At: 0.5},
		{At: 0.5, Factor: -1},
		{At: 0.5, Factor: math.Inf(1)},
		{At: 0.5, Factor: math.NaN()},
	} {
		if (&protocol.Schedule{Drops: []protocol.Drop{d}}).Check() == nil {
			t.Errorf("a schedule with %+v is accepted", d)
		}
	}
}
