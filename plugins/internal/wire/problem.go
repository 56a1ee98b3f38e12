package wire

import (
	"errors"
	"fmt"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// newProblem returns the function that opens a problem for one run.
func newProblem[T protocol.Float](reserve Reserve, name string,
) func(protocol.Setting) (protocol.Problem[T], error) {
	return func(setting protocol.Setting) (protocol.Problem[T], error) {
		c, release, err := reserve()
		if err != nil {
			return nil, err
		}
		s, _, err := c.open("problem "+name, &pb.OpenRequest{
			Dtype: dtypeToWire[protocol.DTypeOf[T]()], Setting: setting,
			What: &pb.OpenRequest_Problem{Problem: name},
		}, release)
		if err != nil {
			return nil, err
		}
		return &problem[T]{session: s}, nil
	}
}

// problem is a protocol.Problem in another process.
type problem[T protocol.Float] struct{ *session }

func (p *problem[T]) Init(x []T, seed uint64) error {
	const name = "Init"
	if err := p.check(name, len(x)); err != nil {
		return err
	}
	call := &pb.Call{}
	at := p.hand(call, bytesOf(x), slotX, false)
	call.Call = &pb.Call_Init{Init: &pb.Init{Seed: seed, X: at}}
	reply, err := p.do(name, call)
	if err != nil {
		return err
	}
	r := reply.GetInit()
	if r == nil {
		return p.wrong(name)
	}
	return p.fetch(name, bytesOf(x), at, slotX, r.GetX())
}

func (p *problem[T]) Measure(
	x []T, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T],
) error {
	const name = "Measure"
	if err := errors.Join(p.check(name, len(x)), checkSlices(p.session, name, m, want)); err != nil {
		return err
	}
	call := &pb.Call{}
	ask := &pb.Measure{
		X: p.hand(call, bytesOf(x), slotX, true), Examples: p.examples(call, batch.Examples),
		Seed: batch.Seed, Position: batch.Position, Want: uint32(want),
	}
	slices := m.Slices()
	var handed [protocol.NumSlices]*pb.Vector
	for i, v := range slices {
		if want.Has(v.Of) {
			handed[i] = p.hand(call, bytesOf(*v.At), slotSlices+i, false)
		}
	}
	ask.Gradient, ask.Variance, ask.More = handed[0], handed[1], present(handed[2:])
	call.Call = &pb.Call_Measure{Measure: ask}
	reply, err := p.do(name, call)
	if err != nil {
		return err
	}
	r := reply.GetMeasure()
	if r == nil {
		return p.wrong(name)
	}
	p.seconds += max(0, r.GetSeconds())
	// so that a plugin's change to x is detected wherever x lies
	copy(bytesOf(x), p.staged(ask.X, slotX))
	have := protocol.Quantity(r.GetHave())
	if !have.Valid() || !have.Has(want) {
		return p.fail(name, fmt.Errorf("measured %v, want %v", have, want))
	}
	if got := r.GetBatchSize(); got != uint64(len(batch.Examples)) {
		return p.fail(name,
			fmt.Errorf("measured a batch of %d examples, want %d", int64(got), len(batch.Examples)))
	}
	inline := [protocol.NumSlices][]byte{r.GetGradient(), r.GetVariance()}
	more := r.GetMore()
	for i, at := range handed {
		if i >= 2 && at != nil && len(more) > 0 {
			inline[i], more = more[0], more[1:]
		}
		if at != nil {
			if err := p.fetch(name, bytesOf(*slices[i].At), at, slotSlices+i, inline[i]); err != nil {
				return err
			}
		}
	}
	// A problem may have more than was wanted; only what was wanted has come along.
	m.Have, m.BatchSize = have&want, len(batch.Examples)
	m.Loss, m.VarianceNorm = r.GetLoss(), r.GetVarianceNorm()
	return nil
}

// inlineExamples is the greatest number of examples that travel inside the call: 32 KiB, half of a
// mailbox's slot.
const inlineExamples = 4096

func (p *problem[T]) examples(call *pb.Call, examples []int) *pb.Vector {
	if len(examples) > inlineExamples {
		return p.hand(call, bytesOf(examples), slotExamples, true)
	}
	return &pb.Vector{Inline: bytesOf(examples)}
}

func (p *problem[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	const name = "Evaluate"
	if err := p.check(name, len(x)); err != nil {
		return protocol.Evaluation{}, err
	}
	call := &pb.Call{}
	at := p.hand(call, bytesOf(x), slotX, true)
	call.Call = &pb.Call_Evaluate{Evaluate: &pb.Evaluate{X: at, Part: string(part)}}
	reply, err := p.do(name, call)
	if err != nil {
		return protocol.Evaluation{}, err
	}
	r := reply.GetEvaluate()
	if r == nil {
		return protocol.Evaluation{}, p.wrong(name)
	}
	copy(bytesOf(x), p.staged(at, slotX))
	return protocol.Evaluation{Loss: r.GetLoss(), Metric: r.GetMetric()}, nil
}
