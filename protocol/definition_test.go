package protocol_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"noisebench/protocol"
)

// closing is a problem that counts the calls of Close.
type closing struct {
	protocol.Problem[float64]
	closed *int
	err    error
}

func (c closing) Close() error {
	*c.closed++
	return c.err
}

// At completes a setting by the declared defaults, and passes on each kind of error.
func TestProblemAt(t *testing.T) {
	good := protocol.ProblemSpec{
		Dim: 3, DType: protocol.Float64, Train: 8, Measures: protocol.Gradient,
		Metric: protocol.Metric{Name: "loss"}, BatchSize: 2, Budget: 8,
	}
	refused := errors.New("dim is too large for this test")
	def := protocol.ProblemDef{
		Parameters: []protocol.Hyperparameter{
			{Name: "dim", Default: 3, Min: 0, Max: 9, Integer: true},
			{Name: "noise", Default: 0.5, Max: 1},
		},
		Spec: func(at protocol.Setting) (protocol.ProblemSpec, error) {
			spec := good
			spec.Dim = int(at["dim"])
			if spec.Dim == 9 {
				return spec, refused
			}
			return spec, nil
		},
	}
	for _, c := range []struct {
		params protocol.Setting
		at     protocol.Setting // nil: an error that contains want
		want   string
	}{
		{nil, protocol.Setting{"dim": 3, "noise": 0.5}, ""},
		{protocol.Setting{"dim": 5}, protocol.Setting{"dim": 5, "noise": 0.5}, ""},
		{protocol.Setting{"dim": 2.5}, nil, "dim"},
		{protocol.Setting{"size": 2}, nil, "size"},
		{protocol.Setting{"dim": 9}, nil, refused.Error()},
		{protocol.Setting{"dim": 0}, nil, "dim is 0"},
	} {
		at, spec, err := def.At(c.params)
		if c.at == nil {
			if err == nil || !strings.Contains(err.Error(), c.want) || at != nil {
				t.Errorf("at %v: setting %v and error %v, want an error that contains %q", c.params, at, err, c.want)
			}
			continue
		}
		if err != nil || !maps.Equal(at, c.at) || spec.Dim != int(c.at["dim"]) {
			t.Errorf("at %v: setting %v, dim %d and error %v, want %v", c.params, at, spec.Dim, err, c.at)
		}
	}
}

// TryOpen closes what it opened, and reports errors of both.
func TestTryOpen(t *testing.T) {
	missing, broken := errors.New("no data"), errors.New("cannot close")
	for _, c := range []struct {
		name        string
		dtype       protocol.DType
		open, close error
		closed      int
		want        string
	}{
		{"opens", protocol.Float64, nil, nil, 1, ""},
		{"no constructor", protocol.Float32, nil, nil, 0, "names float32, but the definition has no constructor"},
		{"data missing", protocol.Float64, missing, nil, 0, "no data"},
		{"close fails", protocol.Float64, nil, broken, 1, "cannot close"},
	} {
		closed := 0
		def := protocol.ProblemDef{New64: func(protocol.Setting) (protocol.Problem[float64], error) {
			return closing{closed: &closed, err: c.close}, c.open
		}}
		err := def.TryOpen(nil, c.dtype)
		if closed != c.closed {
			t.Errorf("%s: closed %d times, want %d", c.name, closed, c.closed)
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// Offers depends on the constructor of the given element type alone.
func TestOffers(t *testing.T) {
	single := protocol.OptimizerDef{New32: func(protocol.Start) (o protocol.Optimizer[float32], q protocol.Request, err error) { return }}
	double := protocol.ProblemDef{New64: func(protocol.Setting) (p protocol.Problem[float64], err error) { return }}
	for _, c := range []struct {
		dtype          protocol.DType
		single, double bool
	}{{protocol.Float32, true, false}, {protocol.Float64, false, true}, {"float16", false, false}} {
		if got := single.Offers(c.dtype); got != c.single {
			t.Errorf("optimizer in float32 offers %s: %t, want %t", c.dtype, got, c.single)
		}
		if got := double.Offers(c.dtype); got != c.double {
			t.Errorf("problem in float64 offers %s: %t, want %t", c.dtype, got, c.double)
		}
	}
}
