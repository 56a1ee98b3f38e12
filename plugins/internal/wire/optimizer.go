package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// newOptimizer returns the function that opens an optimizer for one run.
func newOptimizer[T protocol.Float](reserve Reserve, def *protocol.OptimizerDef,
) func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return func(start protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
		c, release, err := reserve()
		if err != nil {
			return nil, protocol.Request{}, err
		}
		return openOptimizer[T](c, release, def, &start)
	}
}

func openOptimizer[T protocol.Float](
	c *Conn, release func(), def *protocol.OptimizerDef, start *protocol.Start,
) (protocol.Optimizer[T], protocol.Request, error) {
	what := "optimizer " + def.Name
	s, reply, err := c.open(what, &pb.OpenRequest{
		Dtype: dtypeToWire[protocol.DTypeOf[T]()], Setting: start.Setting,
		What: &pb.OpenRequest_Optimizer{Optimizer: startToWire(def.Name, start)},
	}, release)
	if err != nil {
		return nil, protocol.Request{}, err
	}
	request, err := requestFromWire(reply.GetRequest())
	if err == nil && s.dim != start.Dim {
		err = fmt.Errorf("opened for points of %d elements, want %d", s.dim, start.Dim)
	}
	if err != nil {
		err = c.fault(what, "New", err)
		s.Close()
		return nil, protocol.Request{}, err
	}
	o := &optimizer[T]{session: s, saves: def.Saves, reports: make([]float64, len(def.Reports))}
	switch {
	case def.Averages && len(def.Reports) > 0:
		return struct {
			*optimizer[T]
			reporter[T]
			averager[T]
		}{o, reporter[T]{o}, averager[T]{o}}, request, nil
	case def.Averages:
		return struct {
			*optimizer[T]
			averager[T]
		}{o, averager[T]{o}}, request, nil
	case len(def.Reports) > 0:
		return struct {
			*optimizer[T]
			reporter[T]
		}{o, reporter[T]{o}}, request, nil
	}
	return o, request, nil
}

// optimizer is a protocol.Optimizer in another process.
type optimizer[T protocol.Float] struct {
	*session
	saves   bool      // declared by the definition
	reports []float64 // of the last step
	// what the last call left in the copy of x that the plugin can reach, if there is one
	left []byte
}

func (o *optimizer[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	const name = "Step"
	if err := errors.Join(o.check(name, len(x)), checkSlices(o.session, name, m, m.Have)); err != nil {
		return protocol.Request{}, err
	}
	if err := o.unmoved(name); err != nil {
		return protocol.Request{}, err
	}
	call := &pb.Call{}
	tell := &pb.Step{
		X: o.handBoth(call, bytesOf(x), slotX), Have: uint32(m.Have), BatchSize: uint64(m.BatchSize),
		Loss: m.Loss, VarianceNorm: m.VarianceNorm, Step: uint64(m.Step), Seen: m.Seen,
		StepScale: m.StepScale,
	}
	slices := m.Slices()
	var handed [protocol.NumSlices]*pb.Vector
	for i, v := range slices {
		if m.Have.Has(v.Of) {
			handed[i] = o.hand(call, bytesOf(*v.At), slotSlices+i, true)
		}
	}
	tell.Gradient, tell.Variance, tell.More = handed[0], handed[1], present(handed[2:])
	call.Call = &pb.Call_Step{Step: tell}
	reply, err := o.do(name, call)
	if err != nil {
		return protocol.Request{}, err
	}
	r := reply.GetStep()
	if r == nil {
		return protocol.Request{}, o.wrong(name)
	}
	if len(r.GetReports()) != len(o.reports) {
		return protocol.Request{}, o.fail(name,
			fmt.Errorf("%d reports came back, want %d", len(r.GetReports()), len(o.reports)))
	}
	request, err := requestFromWire(r.GetRequest())
	if err != nil {
		return protocol.Request{}, o.fail(name, err)
	}
	o.seconds += max(0, r.GetSeconds())
	copy(o.reports, r.GetReports())
	o.left = append(o.left[:0], o.staged(tell.X, slotX)...)
	if len(o.left) > 0 {
		copy(bytesOf(x), o.left)
		return request, nil
	}
	return request, o.fetch(name, bytesOf(x), tell.X, slotX, r.GetX())
}

// unmoved returns a fault if the plugin has changed its copy of x since the last call.
func (o *optimizer[T]) unmoved(name string) error {
	if o.broken == nil && !bytes.HasPrefix(o.own[slotX].mem, o.left) {
		return o.fail(name,
			errors.New("x was changed between calls; only Step may change it, before it returns"))
	}
	return nil
}

// reporter adds the method that makes an optimizer a protocol.Reporter.
type reporter[T protocol.Float] struct{ o *optimizer[T] }

func (r reporter[T]) Report(values []float64) { copy(values, r.o.reports) }

// averager adds the method that makes an optimizer a protocol.Averager.
type averager[T protocol.Float] struct{ o *optimizer[T] }

// Estimate fills out with NaN if it fails; the fault comes back from the next Step and from Close.
func (a averager[T]) Estimate(x, out []T) {
	if err := a.o.estimate(x, out); err != nil {
		for i := range out {
			out[i] = T(math.NaN())
		}
	}
}

func (o *optimizer[T]) estimate(x, out []T) error {
	const name = "Estimate"
	if err := o.check(name, len(x), len(out)); err != nil {
		return o.fail(name, err)
	}
	if err := o.unmoved(name); err != nil {
		return err
	}
	call := &pb.Call{}
	from := o.hand(call, bytesOf(x), slotX, true)
	at := o.hand(call, bytesOf(out), slotSlices, false)
	call.Call = &pb.Call_Estimate{Estimate: &pb.Estimate{X: from, Out: at}}
	reply, err := o.do(name, call)
	if err != nil {
		return err
	}
	o.left = append(o.left[:0], o.staged(from, slotX)...)
	copy(bytesOf(x), o.left)
	r := reply.GetEstimate()
	if r == nil {
		return o.wrong(name)
	}
	return o.fetch(name, bytesOf(out), at, slotSlices, r.GetOut())
}

// SaveState makes every optimizer in another process a protocol.Saver; those that do not declare
// that they save refuse.
func (o *optimizer[T]) SaveState() ([]byte, error) {
	const name = "Save"
	if !o.saves {
		return nil, o.savesNot(name)
	}
	if err := o.unmoved(name); err != nil {
		return nil, err
	}
	state := []byte{} // grows with what comes, not with what is announced
	for {
		reply, err := o.do(name,
			&pb.Call{Call: &pb.Call_Save{Save: &pb.Save{Offset: uint64(len(state))}}})
		if err != nil {
			return nil, err
		}
		r := reply.GetSave()
		if r == nil {
			return nil, o.wrong(name)
		}
		piece, size := uint64(len(r.GetPiece())), r.GetSize()
		have := uint64(len(state))
		if size > maxState(o.dim) || piece > statePiece || have+piece > size ||
			piece == 0 && have < size {
			return nil, o.fail(name, fmt.Errorf("a piece of %d bytes came at %d of %d, want 1 to %d bytes "+
				"up to the state's end and at most %d bytes in all", piece, have, size, statePiece,
				maxState(o.dim)))
		}
		if state = append(state, r.GetPiece()...); uint64(len(state)) == size {
			return state, nil
		}
	}
}

// RestoreState implements protocol.Saver. After an error the session is of no more use.
func (o *optimizer[T]) RestoreState(state []byte) error {
	const name = "Restore"
	if !o.saves {
		return o.savesNot(name)
	}
	if err := o.unmoved(name); err != nil {
		return err
	}
	for rest := state; ; {
		piece := rest[:min(len(rest), statePiece)]
		rest = rest[len(piece):]
		reply, err := o.do(name, &pb.Call{
			Call: &pb.Call_Restore{Restore: &pb.Restore{Piece: piece, Size: uint64(len(state))}},
		})
		if err != nil {
			return err
		}
		if reply.GetRestore() == nil {
			return o.wrong(name)
		}
		if len(rest) == 0 {
			return nil
		}
	}
}

func (o *optimizer[T]) savesNot(name string) error {
	return fmt.Errorf("%s: %s: its definition does not declare that it saves: %w", o.what, name,
		errors.ErrUnsupported)
}
