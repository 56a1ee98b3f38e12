package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"noisebench/harness"
	"noisebench/results"
)

// Pool makes runs by workers. It implements [harness.Maker].
type Pool struct {
	opening Opening
	note    func(string)
	lanes   chan *lane // that are free
	all     []*lane
}

// lane is a slot for one worker, which is started when it is needed and restarted after it ended.
type lane struct {
	command  string // of a shell
	failures int    // since the last run that it made
	worker   *worker
}

// maxFailures is how often in a row a lane may fail before it is abandoned.
const maxFailures = 3

// NewPool returns a pool with one worker for each prefix. A worker is started by the shell command
// "PREFIX ARGS…"; args are those that start bench worker on that machine. Where the prefix ends in
// -c, as sh -c does, they are one word. note is called with a message for each worker that failed.
func NewPool(prefixes, args []string, opening Opening, note func(string)) *Pool {
	p := &Pool{opening: opening, note: note, lanes: make(chan *lane, len(prefixes))}
	for _, prefix := range prefixes {
		rest := strings.Join(args, " ")
		if strings.HasSuffix(strings.TrimSpace(prefix), "-c") {
			rest = "'" + strings.ReplaceAll(rest, "'", `'\''`) + "'"
		}
		l := &lane{command: "exec " + prefix + " " + rest}
		p.all = append(p.all, l)
		p.lanes <- l
	}
	return p
}

// Size is the number of runs that the pool makes side by side.
func (p *Pool) Size() int { return len(p.all) }

// Make implements [harness.Maker]. A worker that ends in the middle of a run is started again or
// given up, and the run is made by another, from its last checkpoint. Without a worker that works
// there is an error.
func (p *Pool) Make(
	ctx context.Context, run results.Run, checkpoints *harness.Checkpoints,
) (*results.Record, error) {
	for {
		l, err := p.free(ctx)
		if err != nil {
			return nil, err
		}
		record, err := l.make(ctx, &p.opening, run, checkpoints)
		var broken *brokenError
		if !errors.As(err, &broken) {
			l.failures = 0
			p.lanes <- l
			return record, err
		}
		if ctx.Err() != nil {
			p.lanes <- l
			return nil, ctx.Err()
		}
		l.failures++
		if l.failures < maxFailures && !broken.permanent {
			p.note(fmt.Sprintf("worker %q: %v; it is started again", l.command, err))
			p.lanes <- l
			continue
		}
		p.note(fmt.Sprintf("worker %q: %v; it is given up", l.command, err))
		p.lanes <- nil
	}
}

// free waits for a lane. A nil lane is one that was given up; once all are, no more are coming.
func (p *Pool) free(ctx context.Context) (*lane, error) {
	var given int
	defer func() {
		for range given {
			p.lanes <- nil
		}
	}()
	for {
		select {
		case l := <-p.lanes:
			if l != nil {
				return l, nil
			}
			if given++; given == len(p.all) {
				return nil, errors.New("no worker is left; the messages above explain why each " +
					"was given up")
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends all workers. It must not be called while runs are being made.
func (p *Pool) Close() {
	for _, l := range p.all {
		if l.worker != nil {
			l.worker.end()
		}
	}
}

// brokenError is an error of a worker or of the way to it.
type brokenError struct {
	err       error
	permanent bool // a new worker would fail in the same way
}

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

func (l *lane) make(
	ctx context.Context, opening *Opening, run results.Run, checkpoints *harness.Checkpoints,
) (*results.Record, error) {
	if l.worker == nil {
		w, err := start(l.command, opening)
		if err != nil {
			return nil, err
		}
		l.worker = w
	}
	record, err := l.worker.make(ctx, run, checkpoints)
	if broken := (*brokenError)(nil); errors.As(err, &broken) {
		l.worker.end()
		l.worker = nil
	}
	return record, err
}

// worker is a process that makes runs.
type worker struct {
	cmd      *exec.Cmd
	pipe     *pipe
	input    io.Closer
	messages chan message
	ended    chan struct{} // closed after the last message
	err      error         // then: why there are no more
	stderr   tail
}

// openTime is how long a worker may take to start: a machine may have to be reached, and Python to
// be loaded.
const openTime = 5 * time.Minute

// start starts a worker and opens the plan there.
func start(command string, opening *Opening) (*worker, error) {
	w := &worker{
		cmd: exec.Command("sh", "-c", command), messages: make(chan message),
		ended: make(chan struct{}),
	}
	apart(w.cmd)
	w.cmd.Stderr = &w.stderr
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, &brokenError{err: err}
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, &brokenError{err: err}
	}
	if err := w.cmd.Start(); err != nil {
		return nil, &brokenError{err: err}
	}
	w.input, w.pipe = in, newPipe(out, in)
	go w.read()
	if err := w.pipe.write(message{Open: opening}); err != nil {
		w.end()
		return nil, w.broken(err)
	}
	select {
	case m := <-w.messages:
		if m.Opened {
			return w, nil
		}
		w.end()
		if m.Error == "" {
			return nil, w.broken(errors.New("it did not answer that it opened the plan"))
		}
		return nil, &brokenError{errors.New(m.Error), true}
	case <-w.ended:
		w.end()
		return nil, w.broken(w.err)
	case <-time.After(openTime):
		w.end()
		return nil, w.broken(fmt.Errorf("it did not open the plan within %v", openTime))
	}
}

// read passes messages on. Lines that a machine prints before the first are ignored.
func (w *worker) read() {
	defer close(w.ended)
	opened := false
	for {
		m, err := w.pipe.read()
		var greeting notMessage
		if errors.As(err, &greeting) && !opened {
			fmt.Fprintf(&w.stderr, "%s\n", []byte(greeting))
			continue
		}
		if err != nil {
			w.err = err
			return
		}
		opened = true
		w.messages <- m
	}
}

// broken adds to an error what the worker printed last.
func (w *worker) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ended")
	}
	if text := w.stderr.String(); text != "" {
		err = fmt.Errorf("%w; it printed %q", err, text)
	}
	return &brokenError{err: err}
}

// stopTime is how long a worker may take to save a run.
const stopTime = 30 * time.Second

// make has the worker make a run.
func (w *worker) make(
	ctx context.Context, run results.Run, checkpoints *harness.Checkpoints,
) (*results.Record, error) {
	request := message{Run: &run}
	if checkpoints != nil {
		data, err := checkpoints.Load()
		if err != nil {
			return nil, err
		}
		request.Checkpoint = data
	}
	if err := w.pipe.write(request); err != nil {
		return nil, w.broken(err)
	}
	stop := ctx.Done()
	var late <-chan time.Time
	var saveErr error
	for {
		select {
		case m := <-w.messages:
			switch {
			case m.Checkpoint != nil && checkpoints != nil:
				if err := checkpoints.Save(m.Checkpoint); err != nil && saveErr == nil {
					saveErr = err
					_ = w.pipe.write(message{Stop: true})
				}
			case m.Refused != "" && checkpoints != nil && checkpoints.Refused != nil:
				checkpoints.Refused(errors.New(m.Refused))
			case m.Record != "":
				return w.record(&run, m)
			case m.Error != "":
				return nil, &brokenError{errors.New(m.Error), true}
			case m.Stopped:
				if saveErr != nil {
					return nil, saveErr
				}
				if ctx.Err() == nil {
					return nil, w.broken(errors.New("it stopped the run without being told to"))
				}
				return nil, ctx.Err()
			}
		case <-w.ended:
			return nil, w.broken(w.err)
		case <-stop:
			stop, late = nil, time.After(stopTime)
			_ = w.pipe.write(message{Stop: true}) // if it is gone, messages end
		case <-late:
			return nil, w.broken(fmt.Errorf("it did not stop within %v", stopTime))
		}
	}
}

// record reads a record and makes sure that it is that of the run.
func (w *worker) record(run *results.Run, m message) (*results.Record, error) {
	// which refuses that of another run
	r, err := results.Decode(run.ID()+".jsonl", []byte(m.Record))
	if err != nil {
		return nil, w.broken(fmt.Errorf("its record is not that of the run that it was to make: "+
			"%w", err))
	}
	return r, m.Fault.err()
}

// end ends the process.
func (w *worker) end() {
	_ = w.input.Close()
	go func() {
		for range w.messages { // messages that are no longer needed
		}
	}()
	gone := make(chan struct{})
	go func() {
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			kill(w.cmd)
		}
	}()
	<-w.ended
	_ = w.cmd.Wait()
	close(gone)
	close(w.messages)
}
