package wire

import (
	"fmt"
	"time"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// servedProblem answers the calls to a problem.
type servedProblem[T protocol.Float] struct {
	*served
	problem  protocol.Problem[T]
	dim      int
	x        []T // for vectors that come or go inside messages
	room     rooms[T]
	examples []int
}

func serveProblem[T protocol.Float](s *served, dim int, setting protocol.Setting,
	open func(protocol.Setting) (protocol.Problem[T], error),
) (handler, error) {
	p, err := open(setting)
	if err != nil {
		return nil, err
	}
	return &servedProblem[T]{served: s, problem: p, dim: dim}, nil
}

func (p *servedProblem[T]) Close() error { return closeIt(p.problem) }

func (p *servedProblem[T]) handle(call *pb.Call, reply *pb.Reply) error {
	switch c := call.GetCall().(type) {
	case *pb.Call_Init:
		x, by, err := view(p.served, c.Init.GetX(), p.dim, written, &p.x)
		if err != nil {
			return err
		}
		if err := p.problem.Init(x, c.Init.GetSeed()); err != nil {
			return err
		}
		reply.Reply = &pb.Reply_Init{Init: &pb.InitReply{X: back(p.served, x, by)}}
		return nil
	case *pb.Call_Measure:
		m, err := p.measure(c.Measure)
		reply.Reply = &pb.Reply_Measure{Measure: m}
		return err
	case *pb.Call_Evaluate:
		x, _, err := view(p.served, c.Evaluate.GetX(), p.dim, read, &p.x)
		if err != nil {
			return err
		}
		e, err := p.problem.Evaluate(x, protocol.Part(c.Evaluate.GetPart()))
		if err != nil {
			return err
		}
		reply.Reply = &pb.Reply_Evaluate{Evaluate: &pb.EvaluateReply{Loss: e.Loss, Metric: e.Metric}}
		return nil
	}
	return errNotMine
}

func (p *servedProblem[T]) measure(c *pb.Measure) (*pb.MeasureReply, error) {
	x, _, err := view(p.served, c.GetX(), p.dim, read, &p.x)
	if err != nil {
		return nil, err
	}
	examples, _, err := view(p.served, c.GetExamples(), count(c.GetExamples()), read, &p.examples)
	if err != nil {
		return nil, err
	}
	var m protocol.Measurement[T]
	want := protocol.Quantity(c.GetWant())
	by, err := lay(p.served, &m, want, p.dim, c, written, &p.room)
	if err != nil {
		return nil, err
	}
	given := m
	batch := protocol.Batch{Examples: examples, Seed: c.GetSeed(), Position: c.GetPosition()}
	began := time.Now()
	if err := p.problem.Measure(x, batch, want, &m); err != nil {
		return nil, err
	}
	reply := &pb.MeasureReply{
		Have: uint32(m.Have), BatchSize: uint64(m.BatchSize), Loss: m.Loss, VarianceNorm: m.VarianceNorm,
		Seconds: time.Since(began).Seconds(),
	}
	before := given.Slices()
	for i, v := range m.Slices() {
		if !same(*v.At, *before[i].At) {
			return nil, fmt.Errorf("it replaced the measurement's vectors (that of the %v has length %d, "+
				"want %d); write to their elements", v.Of, len(*v.At), len(*before[i].At))
		}
		if !want.Has(v.Of) {
			continue
		}
		switch b := back(p.served, *v.At, by[i]); {
		case i == 0:
			reply.Gradient = b
		case i == 1:
			reply.Variance = b
		default:
			reply.More = append(reply.More, b)
		}
	}
	return reply, nil
}
