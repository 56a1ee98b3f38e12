package harness

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unsafe"

	"noisebench/protocol"
	"noisebench/results"
)

// Checkpoints keep the state of a run between two steps, so that another process can resume it with
// the same bits. They exist only for optimizers that save their state ([protocol.OptimizerDef] with
// Saves); runs of others start again.
type Checkpoints struct {
	// Every is the time between two checkpoints of a run. There is one more when the run's context
	// ends.
	Every time.Duration
	// By identifies the platform and the build of the harness. Only the same platform and build
	// resume a checkpoint.
	By string
	// Load returns the last checkpoint of the run, or nil. Save replaces it and may keep the bytes.
	Load func() ([]byte, error)
	Save func(data []byte) error
	// Refused is called with the reason why a checkpoint is unusable and the run starts again; may
	// be nil.
	Refused func(error)
}

// Place identifies build and platform for [Checkpoints.By].
func Place(h *results.Host) string {
	return fmt.Sprintf("noisebench %s on %s, %s", h.Harness, h.Platform, h.CPU)
}

// errNotSaved is the error of a store that cannot save a checkpoint. It is no fault of a plugin.
var errNotSaved = errors.New("cannot save the checkpoint")

// CheckpointEvery is the usual time between two checkpoints of a run.
const CheckpointEvery = 3 * time.Minute

// worthKeeping is the least running time after which an interrupted run leaves a checkpoint.
const worthKeeping = 2 * time.Second

// saved is a checkpoint: the state of a runner between two steps.
type saved struct {
	Run         string // ID
	By          string
	Executables map[string]string
	Kept        []byte // JSON of kept
	// Vectors are those of runner.own, in the machine's byte order.
	Vectors [][]byte
	State   []byte // of the optimizer
}

// kept is the small part of a checkpoint, in the form of records.
type kept struct {
	Step, Size, NextMark int
	Seen                 int64
	LastBatch            int // size of the last measured batch
	Request              protocol.Request
	Examples             []int // of the last batch
	Position             int64
	Order                orderState
	Points               []results.Point
	End                  results.End
	Stride               int
	TraceSeen            []int64
	TraceLoss            []protocol.Number
	TraceBatch           []int
	TraceRows            [][]protocol.Number
	Clocks               results.Clocks
}

// orderState is the state of an order.
type orderState struct {
	Epoch    uint64
	At       int
	Position int64
}

// state returns the state of the order.
func (o *order) state() orderState { return orderState{o.epoch, o.at, o.position} }

// restore sets a new order to the state of another one of the same run.
func (o *order) restore(s orderState) {
	if o.n == 0 {
		o.position = s.Position
		return
	}
	o.epoch = s.Epoch
	o.shuffle()
	o.at, o.position = s.At, s.Position
}

// checkpointing decides when a run is saved.
type checkpointing struct {
	Checkpoints
	last time.Time // of a checkpoint, or of the run's start
}

// due reports whether a checkpoint is due.
func (c *checkpointing) due(ctx context.Context) bool {
	if c == nil {
		return false
	}
	since := time.Since(c.last)
	return since >= c.Every || ctx.Err() != nil && since >= min(worthKeeping, c.Every)
}

// checkpoint saves the run before the request is answered.
func (r *runner[T]) checkpoint(request protocol.Request) error {
	state, err := protocol.SaveState(r.optimizer)
	if err != nil {
		return fault(r.optimizerDef.Origin, r.optimizerDef.Name, "SaveState", err)
	}
	k := kept{
		Step: r.step, Size: r.size, NextMark: r.nextMark, Seen: r.seen,
		LastBatch: r.measurement.BatchSize,
		Request:   request, Examples: r.batch.Examples, Position: r.batch.Position,
		Order:  r.order.state(),
		Points: r.record.Points, End: r.record.End,
		Stride: r.trace.stride, TraceSeen: r.trace.seen, TraceLoss: r.trace.loss,
		TraceBatch: r.trace.batch,
		TraceRows:  r.trace.rows, Clocks: r.record.Host.Clocks,
	}
	s := saved{
		Run: r.run.ID(), By: r.checkpoints.By, Executables: executables(r.problemDef.Origin,
			r.optimizerDef.Origin),
		State: state,
	}
	for _, v := range r.own() {
		s.Vectors = append(s.Vectors, raw(v))
	}
	if s.Kept, err = json.Marshal(k); err != nil {
		return fmt.Errorf("cannot save run %.12s: %w", s.Run, err)
	}
	var b bytes.Buffer
	b.Write(make([]byte, sha256.Size))
	if err := gob.NewEncoder(&b).Encode(&s); err != nil {
		return fmt.Errorf("cannot save run %.12s: %w", s.Run, err)
	}
	data := b.Bytes()
	sum := sha256.Sum256(data[sha256.Size:])
	copy(data, sum[:])
	if err := r.checkpoints.Save(data); err != nil {
		return fmt.Errorf("%w of run %.12s: %w", errNotSaved, s.Run, err)
	}
	r.checkpoints.last = time.Now()
	return nil
}

// resume sets a newly opened run to the state of its checkpoint, and reports whether there was a
// usable one. It is a fault of the optimizer if it cannot restore the state that it saved.
func (r *runner[T]) resume() (request protocol.Request, ok bool, err error) {
	c := r.checkpoints
	if c == nil {
		return request, false, nil
	}
	var s *saved
	var k *kept
	data, err := c.Load()
	if err == nil && data == nil {
		return request, false, nil
	}
	if err == nil {
		s, k, err = r.decode(data)
	}
	if err != nil {
		if c.Refused != nil {
			c.Refused(fmt.Errorf("cannot resume run %.12s, it starts again: %w", r.run.ID(), err))
		}
		return request, false, nil
	}
	if err := protocol.RestoreState(r.optimizer, s.State); err != nil {
		return request, false, fault(r.optimizerDef.Origin, r.optimizerDef.Name, "RestoreState",
			err)
	}
	for i, v := range r.own() {
		copy(raw(v), s.Vectors[i])
	}
	r.step, r.size, r.nextMark, r.seen = k.Step, k.Size, k.NextMark, k.Seen
	r.measurement.BatchSize = k.LastBatch
	r.batch.Examples, r.batch.Position = k.Examples, k.Position
	r.order.restore(k.Order)
	r.record.Points, r.record.End = k.Points, k.End
	r.start()
	r.trace.stride, r.trace.seen, r.trace.loss = k.Stride, k.TraceSeen, k.TraceLoss
	r.trace.batch, r.trace.rows = k.TraceBatch, k.TraceRows
	r.earlier, r.record.Host.Clocks = k.Clocks, k.Clocks
	return k.Request, true, nil
}

// own returns the vectors of a runner that do not share memory with another one.
func (r *runner[T]) own() [][]T {
	vectors := [][]T{r.x}
	for _, v := range [][]T{r.iterate, r.judged} {
		if !slices.ContainsFunc(vectors, func(other []T) bool { return same(v, other) }) {
			vectors = append(vectors, v)
		}
	}
	return vectors
}

// decode reads a checkpoint. Checkpoints that are damaged, of another run, or of another platform
// or build are errors.
func (r *runner[T]) decode(data []byte) (*saved, *kept, error) {
	if len(data) < sha256.Size {
		return nil, nil, fmt.Errorf("its checkpoint is cut short, it has %d bytes", len(data))
	}
	if sum := sha256.Sum256(data[sha256.Size:]); !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil, nil, errors.New("its checkpoint is damaged")
	}
	var s saved
	var k kept
	if err := gob.NewDecoder(bytes.NewReader(data[sha256.Size:])).Decode(&s); err != nil {
		return nil, nil, fmt.Errorf("its checkpoint is not readable: %w", err)
	}
	now := executables(r.problemDef.Origin, r.optimizerDef.Origin)
	switch {
	case s.Run != r.run.ID():
		return nil, nil, fmt.Errorf("its checkpoint is that of run %.12s", s.Run)
	case s.By != r.checkpoints.By:
		return nil, nil, fmt.Errorf("its checkpoint was saved by %s, this is %s", s.By,
			r.checkpoints.By)
	case !maps.Equal(s.Executables, now):
		return nil, nil, errors.New("its checkpoint was saved with another executable of the " +
			"problem or the optimizer")
	}
	if err := json.Unmarshal(s.Kept, &k); err != nil {
		return nil, nil, fmt.Errorf("its checkpoint is not readable: %w", err)
	}
	own := r.own()
	if len(s.Vectors) != len(own) {
		return nil, nil, fmt.Errorf("its checkpoint has %d vectors, want %d", len(s.Vectors),
			len(own))
	}
	for i, v := range own {
		if got, want := len(s.Vectors[i]), len(raw(v)); got != want {
			return nil, nil, fmt.Errorf("its checkpoint has a vector of %d bytes, want %d", got,
				want)
		}
	}
	if err := r.sound(&k); err != nil {
		return nil, nil, fmt.Errorf("its checkpoint contradicts itself: %w", err)
	}
	return &s, &k, nil
}

// sound returns an error about a checkpoint that no runner of this run can have saved.
func (r *runner[T]) sound(k *kept) error {
	n := r.spec.Train
	within := func(what string, v, least, most int64) error {
		if v < least || v > most {
			return fmt.Errorf("%s is %d, want %d to %d", what, v, least, most)
		}
		return nil
	}
	budget, marks := r.run.Budget, int64(r.run.Evaluations)
	err := cmp.Or(
		within("the number of steps", int64(k.Step), 0, budget),
		within("the number of examples", k.Seen, 0, budget),
		within("the batch size", int64(k.Size), 1, math.MaxInt32),
		within("the last batch", int64(k.LastBatch), 0, budget),
		within("the number of points", int64(len(k.Points)), 1, marks+1),
		within("the next mark", int64(k.NextMark), 1, marks),
		within("the place in the epoch", int64(k.Order.At), 0, int64(n)),
		within("the place in the stream", k.Order.Position, 0, budget),
		within("the place of the batch", k.Position, 0, budget),
		within("the stride of the trace", int64(k.Stride), 1, math.MaxInt32),
	)
	if err != nil {
		return err
	}
	for _, i := range k.Examples {
		most := budget // of endless data: positions
		if n > 0 {
			most = int64(n) - 1
		}
		if err := within("an example", int64(i), 0, most); err != nil {
			return err
		}
	}
	steps, names := len(k.TraceSeen),
		len(newTracer(r.run.Trace, r.optimizerDef.Reports, r.run.Diagnostics).names)
	if len(k.TraceLoss) != steps || len(k.TraceBatch) != steps || len(k.TraceRows) != steps ||
		slices.ContainsFunc(k.TraceRows, func(row []protocol.Number) bool { return len(row) != names }) {
		return errors.New("the columns of its trace differ in length")
	}
	return nil
}

// start sets the values that depend on the evaluation of the starting point.
func (r *runner[T]) start() {
	loss := float64(r.record.Points[0].Train.Loss)
	// Past this loss a run counts as diverged: 100 times the initial one, where that is positive.
	r.limit = loss + 99*math.Abs(loss)
	r.trace = newTracer(r.run.Trace, r.optimizerDef.Reports, r.run.Diagnostics)
}

// raw returns the memory of a vector.
func raw[T protocol.Float](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))),
		len(v)*protocol.DTypeOf[T]().Size())
}
