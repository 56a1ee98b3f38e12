package wire

import (
	"fmt"
	"time"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// servedOptimizer answers the calls to an optimizer.
type servedOptimizer[T protocol.Float] struct {
	*served
	optimizer protocol.Optimizer[T]
	averager  protocol.Averager[T] // nil unless the definition declares Averages
	reports   []float64            // of the last step
	dim       int
	x, out    []T // for vectors that come or go inside messages
	room      rooms[T]
	reporter  protocol.Reporter
	saves     bool
	saved     []byte // the state of which the host is fetching the pieces
	restored  []byte // the pieces of a state that have come
}

func serveOptimizer[T protocol.Float](s *served, def *protocol.OptimizerDef, start protocol.Start,
	open func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
) (handler, protocol.Request, error) {
	o, request, err := open(start)
	if err != nil {
		return nil, request, err
	}
	h := &servedOptimizer[T]{served: s, optimizer: o, dim: start.Dim}
	averager, averages := o.(protocol.Averager[T])
	reporter, reports := o.(protocol.Reporter)
	if averages != def.Averages {
		return h, request, fmt.Errorf("optimizer %s: its definition declares Averages %t, but a method "+
			"Estimate exists: %t",
			def.Name, def.Averages, averages)
	}
	if reports != (len(def.Reports) > 0) {
		return h, request, fmt.Errorf("optimizer %s: its definition names %d reports, but a method "+
			"Report exists: %t",
			def.Name, len(def.Reports), reports)
	}
	_, stateful := o.(protocol.Stateful)
	_, saver := o.(protocol.Saver)
	if def.Saves && !stateful && !saver {
		return h, request, fmt.Errorf("optimizer %s: its definition declares Saves, but it has "+
			"no method State", def.Name)
	}
	h.averager, h.reporter, h.reports, h.saves = averager, reporter, make([]float64, len(def.Reports)),
		def.Saves
	return h, request, nil
}

func (o *servedOptimizer[T]) Close() error { return closeIt(o.optimizer) }

func (o *servedOptimizer[T]) handle(call *pb.Call, reply *pb.Reply) error {
	switch c := call.GetCall().(type) {
	case *pb.Call_Step:
		s, err := o.step(c.Step)
		reply.Reply = &pb.Reply_Step{Step: s}
		return err
	case *pb.Call_Estimate:
		if o.averager == nil {
			return errNotMine
		}
		x, _, err := view(o.served, c.Estimate.GetX(), o.dim, read, &o.x)
		if err != nil {
			return err
		}
		out, by, err := view(o.served, c.Estimate.GetOut(), o.dim, written, &o.out)
		if err != nil {
			return err
		}
		o.averager.Estimate(x, out)
		reply.Reply = &pb.Reply_Estimate{Estimate: &pb.EstimateReply{Out: back(o.served, out, by)}}
		return nil
	case *pb.Call_Save:
		s, err := o.save(c.Save.GetOffset())
		reply.Reply = &pb.Reply_Save{Save: s}
		return err
	case *pb.Call_Restore:
		reply.Reply = &pb.Reply_Restore{Restore: &pb.RestoreReply{}}
		return o.restore(c.Restore.GetPiece(), c.Restore.GetSize())
	}
	return errNotMine
}

// save returns the piece of the state that begins at offset. The state is taken at offset 0 and
// freed with its last piece.
func (o *servedOptimizer[T]) save(offset uint64) (*pb.SaveReply, error) {
	if !o.saves {
		return nil, errNotMine
	}
	if offset == 0 {
		var err error
		if o.saved, err = protocol.SaveState(o.optimizer); err != nil {
			return nil, err
		}
	}
	size := uint64(len(o.saved))
	if offset > size {
		return nil, fmt.Errorf("the state was asked for from byte %d on and has %d", offset, size)
	}
	end := min(offset+statePiece, size)
	piece := o.saved[offset:end]
	if end == size {
		o.saved = nil
	}
	return &pb.SaveReply{Piece: piece, Size: size}, nil
}

// restore restores the state with its last piece.
func (o *servedOptimizer[T]) restore(piece []byte, size uint64) error {
	if !o.saves {
		return errNotMine
	}
	if have := uint64(len(o.restored) + len(piece)); have > size || len(piece) == 0 && size > 0 {
		return fmt.Errorf("pieces of a state of %d bytes have %d together, the last %d", size, have,
			len(piece))
	}
	o.restored = append(o.restored, piece...)
	if uint64(len(o.restored)) < size {
		return nil
	}
	state := o.restored
	o.restored = nil
	return protocol.RestoreState(o.optimizer, state)
}

func (o *servedOptimizer[T]) step(c *pb.Step) (*pb.StepReply, error) {
	x, by, err := view(o.served, c.GetX(), o.dim, read, &o.x)
	if err != nil {
		return nil, err
	}
	batch, err := whole(c.GetBatchSize())
	if err != nil {
		return nil, err
	}
	step, err := whole(c.GetStep())
	if err != nil {
		return nil, err
	}
	m := protocol.Measurement[T]{
		Have: protocol.Quantity(c.GetHave()), BatchSize: batch, Loss: c.GetLoss(),
		VarianceNorm: c.GetVarianceNorm(), Step: step, Seen: c.GetSeen(), StepScale: c.GetStepScale(),
	}
	if _, err := lay(o.served, &m, m.Have, o.dim, c, read, &o.room); err != nil {
		return nil, err
	}
	began := time.Now()
	request, err := o.optimizer.Step(x, &m)
	seconds := time.Since(began).Seconds()
	if err != nil {
		return nil, err
	}
	if o.reporter != nil {
		o.reporter.Report(o.reports)
	}
	return &pb.StepReply{
		Request: requestToWire(request), Reports: o.reports, X: back(o.served, x, by), Seconds: seconds,
	}, nil
}
