package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// Workplace is what a worker makes runs with.
type Workplace struct {
	Campaign *harness.Campaign
	Alloc    harness.Alloc
	Host     results.Host  // of this machine
	Every    time.Duration // between two checkpoints; 0: harness.CheckpointEvery
	Close    func()
}

// Serve is the worker's side: it reads runs from in and writes records to out until in ends. open
// prepares the workplace for a plan.
func Serve(
	ctx context.Context, in io.Reader, out io.Writer,
	open func(context.Context, Opening) (*Workplace, error),
) error {
	p := newPipe(in, out)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, failed := make(chan message), make(chan error, 1)
	go func() {
		for {
			m, err := p.read()
			if err != nil {
				failed <- err
				cancel() // the result of the current run is no longer needed
				return
			}
			select {
			case messages <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	next := func() (message, error) {
		select {
		case m := <-messages:
			return m, nil
		case err := <-failed:
			return message{}, err
		case <-ctx.Done():
			select {
			case err := <-failed: // which ended ctx
				return message{}, err
			default:
				return message{}, ctx.Err()
			}
		}
	}
	first, err := next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	w, err := begin(ctx, first, open)
	if err != nil {
		return errors.Join(err, p.write(message{Error: err.Error()}))
	}
	defer w.Close()
	if err := p.write(message{Opened: true}); err != nil {
		return err
	}
	for {
		m, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case m.Stop: // the run that was to be stopped has just ended
			continue
		case m.Run == nil:
			return errors.New("the harness sent neither a run nor the end of its input")
		}
		if err := w.serve(ctx, p, m, messages); err != nil {
			return err
		}
	}
}

func begin(
	ctx context.Context, m message, open func(context.Context, Opening) (*Workplace, error),
) (*Workplace, error) {
	switch {
	case m.Open == nil:
		return nil, errors.New("the first message opens no plan; bench worker is started by " +
			"bench run --launch")
	case m.Open.Protocol != protocol.Version:
		return nil, fmt.Errorf("the harness speaks version %d of the contract, this worker %d; "+
			"install the same version of bench on both machines",
			m.Open.Protocol, protocol.Version)
	}
	return open(ctx, *m.Open)
}

// serve makes one run and answers. messages may tell it to stop.
func (w *Workplace) serve(ctx context.Context, p *pipe, m message, messages <-chan message) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan message, 1)
	checkpoints := &harness.Checkpoints{
		Every:   cmp.Or(w.Every, harness.CheckpointEvery),
		By:      harness.Place(&w.Host),
		Load:    func() ([]byte, error) { return m.Checkpoint, nil },
		Save:    func(data []byte) error { return p.write(message{Checkpoint: data}) },
		Refused: func(err error) { _ = p.write(message{Refused: err.Error()}) },
	}
	go func() { answer <- w.make(ctx, *m.Run, checkpoints) }()
	for {
		select {
		case a := <-answer:
			return p.write(a)
		case other := <-messages:
			if !other.Stop {
				return errors.New("the harness sent a message while a run was being made")
			}
			cancel()
		}
	}
}

func (w *Workplace) make(
	ctx context.Context, run results.Run, checkpoints *harness.Checkpoints,
) message {
	record, err := w.Campaign.Make(ctx, run, w.Alloc, checkpoints)
	switch {
	case ctx.Err() != nil && err != nil:
		return message{Stopped: true}
	case record == nil:
		return message{Error: err.Error()}
	}
	record.Host = w.Host.With(&record.Host)
	data, encodeErr := results.Encode(record)
	if encodeErr != nil {
		return message{Error: encodeErr.Error()}
	}
	return message{Record: string(data), Fault: faultOf(err)}
}
