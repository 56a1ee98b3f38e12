package wire

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

var dtypeToWire = map[protocol.DType]pb.DType{
	protocol.Float32: pb.DType_DTYPE_FLOAT32,
	protocol.Float64: pb.DType_DTYPE_FLOAT64,
}

var dtypeFromWire = map[pb.DType]protocol.DType{
	pb.DType_DTYPE_FLOAT32: protocol.Float32,
	pb.DType_DTYPE_FLOAT64: protocol.Float64,
}

// whole converts a number from the wire, which must not exceed what an int holds.
func whole(v uint64) (int, error) {
	if v > math.MaxInt {
		return 0, fmt.Errorf("a whole number is %d, want at most %d", v, math.MaxInt)
	}
	return int(v), nil
}

// remoteError is an error that plugin code reported.
type remoteError struct {
	text        string
	unsupported bool
}

func (e *remoteError) Error() string { return e.text }

// Is lets errors.ErrUnsupported survive the wire.
func (e *remoteError) Is(target error) bool {
	return e.unsupported && target == errors.ErrUnsupported
}

func errorToWire(err error) *pb.Error {
	text := strings.ToValidUTF8(err.Error(), "?")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return &pb.Error{Text: text, Unsupported: errors.Is(err, errors.ErrUnsupported)}
}

// errorFromWire makes one line of what the plugin wrote, without the control characters of
// terminals.
func errorFromWire(e *pb.Error) error {
	text := e.GetText()
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return &remoteError{text: printable(oneLine(text)), unsupported: e.GetUnsupported()}
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

func hyperparametersToWire(hs []protocol.Hyperparameter) []*pb.Hyperparameter {
	out := make([]*pb.Hyperparameter, len(hs))
	for i, h := range hs {
		out[i] = &pb.Hyperparameter{
			Name: h.Name, Doc: h.Doc, Default: h.Default, Min: h.Min, Max: h.Max, MinOpen: h.MinOpen,
			MaxOpen: h.MaxOpen, Integer: h.Integer, Log: h.Log, Tuned: h.Tuned, Grid: h.Grid, Later: h.Later,
		}
	}
	return out
}

func hyperparametersFromWire(hs []*pb.Hyperparameter) []protocol.Hyperparameter {
	if len(hs) == 0 {
		return nil
	}
	out := make([]protocol.Hyperparameter, len(hs))
	for i, h := range hs {
		out[i] = protocol.Hyperparameter{
			Name: h.GetName(), Doc: h.GetDoc(), Default: h.GetDefault(), Min: h.GetMin(), Max: h.GetMax(),
			MinOpen: h.GetMinOpen(), MaxOpen: h.GetMaxOpen(), Integer: h.GetInteger(), Log: h.GetLog(),
			Tuned: h.GetTuned(), Grid: h.GetGrid(), Later: h.GetLater(),
		}
	}
	return out
}

func optimizerToWire(d *protocol.OptimizerDef) *pb.Optimizer {
	return &pb.Optimizer{
		Name: d.Name, Version: d.Version, Doc: d.Doc, Source: d.Source,
		Hyperparameters: hyperparametersToWire(d.Hyperparameters), Needs: uint32(d.Needs),
		ChoosesBatchSize: d.ChoosesBatchSize, Averages: d.Averages, Trials: d.Trials,
		FullBatch: d.FullBatch, Reports: d.Reports, Dtypes: dtypesToWire(d.New32 != nil, d.New64 != nil),
		Saves: d.Saves, Digest: d.Digest, Environment: d.Environment,
	}
}

func problemToWire(d *protocol.ProblemDef) *pb.Problem {
	return &pb.Problem{
		Name: d.Name, Version: d.Version, Doc: d.Doc, Source: d.Source,
		Parameters: hyperparametersToWire(d.Parameters),
		Dtypes:     dtypesToWire(d.New32 != nil, d.New64 != nil), Digest: d.Digest,
		Environment: d.Environment,
	}
}

func dtypesToWire(has32, has64 bool) []pb.DType {
	var out []pb.DType
	if has32 {
		out = append(out, pb.DType_DTYPE_FLOAT32)
	}
	if has64 {
		out = append(out, pb.DType_DTYPE_FLOAT64)
	}
	return out
}

func blocksToWire(blocks []protocol.Block) []*pb.Block {
	out := make([]*pb.Block, len(blocks))
	for i, b := range blocks {
		out[i] = &pb.Block{
			Name: b.Name, Offset: uint64(b.Offset), Len: uint64(b.Len), Output: uint64(b.Output),
			Role: string(b.Role),
		}
		for _, n := range b.Shape {
			out[i].Shape = append(out[i].Shape, uint64(n))
		}
	}
	return out
}

func blocksFromWire(blocks []*pb.Block) ([]protocol.Block, error) {
	if len(blocks) == 0 {
		return nil, nil
	}
	out := make([]protocol.Block, len(blocks))
	for i, b := range blocks {
		offset, err1 := whole(b.GetOffset())
		length, err2 := whole(b.GetLen())
		output, err3 := whole(b.GetOutput())
		var shape []int
		var err4 error
		for _, n := range b.GetShape() {
			size, err := whole(n)
			shape, err4 = append(shape, size), errors.Join(err4, err)
		}
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return nil, err
		}
		out[i] = protocol.Block{
			Name: b.GetName(), Offset: offset, Len: length, Shape: shape, Output: output,
			Role: protocol.Role(b.GetRole()),
		}
	}
	return out, nil
}

func specToWire(s *protocol.ProblemSpec) *pb.Spec {
	out := &pb.Spec{
		Dim: uint64(s.Dim), Dtype: dtypeToWire[s.DType], Train: uint64(s.Train),
		Validation: uint64(s.Validation), Test: uint64(s.Test), Measures: uint32(s.Measures),
		Metric: s.Metric.Name, HigherBetter: s.Metric.HigherBetter, BatchSize: uint64(s.BatchSize),
		Budget: s.Budget, Blocks: blocksToWire(s.Blocks), Constants: s.Constants,
	}
	for _, d := range s.Schedule {
		out.Schedule = append(out.Schedule, &pb.Drop{At: d.At, Factor: d.Factor})
	}
	for _, f := range s.Data {
		out.Data = append(out.Data, &pb.DataFile{Name: f.Name, Sha256: f.SHA256})
	}
	return out
}

func specFromWire(s *pb.Spec) (protocol.ProblemSpec, error) {
	out := protocol.ProblemSpec{
		DType: dtypeFromWire[s.GetDtype()], Measures: protocol.Quantity(s.GetMeasures()),
		Metric: protocol.Metric{Name: s.GetMetric(), HigherBetter: s.GetHigherBetter()},
		Budget: s.GetBudget(), Constants: s.GetConstants(),
	}
	for _, f := range []struct {
		to   *int
		from uint64
	}{
		{&out.Dim, s.GetDim()},
		{&out.Train, s.GetTrain()},
		{&out.Validation, s.GetValidation()},
		{&out.Test, s.GetTest()},
		{&out.BatchSize, s.GetBatchSize()},
	} {
		var err error
		if *f.to, err = whole(f.from); err != nil {
			return out, err
		}
	}
	for _, d := range s.GetSchedule() {
		out.Schedule = append(out.Schedule, protocol.Drop{At: d.GetAt(), Factor: d.GetFactor()})
	}
	for _, f := range s.GetData() {
		out.Data = append(out.Data, protocol.DataFile{Name: f.GetName(), SHA256: f.GetSha256()})
	}
	var err error
	if out.Blocks, err = blocksFromWire(s.GetBlocks()); err != nil {
		return out, err
	}
	return out, out.Check()
}

func startToWire(name string, s *protocol.Start) *pb.Start {
	return &pb.Start{
		Name: name, Dim: uint64(s.Dim), Blocks: blocksToWire(s.Blocks), BatchSize: uint64(s.BatchSize),
		Train: uint64(s.Train), Budget: s.Budget, Seed: s.Seed, Constants: s.Constants,
	}
}

func startFromWire(r *pb.OpenRequest) (protocol.Start, error) {
	s := r.GetOptimizer()
	dim, err1 := whole(s.GetDim())
	batch, err2 := whole(s.GetBatchSize())
	train, err3 := whole(s.GetTrain())
	blocks, err4 := blocksFromWire(s.GetBlocks())
	return protocol.Start{
		Setting: r.GetSetting(), Dim: dim, DType: dtypeFromWire[r.GetDtype()], Blocks: blocks,
		BatchSize: batch, Train: train, Budget: s.GetBudget(), Seed: s.GetSeed(),
		Constants: s.GetConstants(),
	}, errors.Join(err1, err2, err3, err4)
}

func requestToWire(r protocol.Request) *pb.Request {
	return &pb.Request{
		BatchSize: uint64(r.BatchSize), Draw: uint32(r.Draw), Want: uint32(r.Want), Trial: r.Trial,
	}
}

// requestFromWire rejects invalid requests.
func requestFromWire(r *pb.Request) (protocol.Request, error) {
	// A negative batch size of the author arrives as a huge one.
	if r.GetBatchSize() > math.MaxInt32 {
		return protocol.Request{}, fmt.Errorf("request for a batch of %d examples, want 0 to %d",
			int64(r.GetBatchSize()), math.MaxInt32)
	}
	if r.GetDraw() > uint32(protocol.All) {
		return protocol.Request{}, fmt.Errorf("request for draw %d, want 0 (new), 1 (again) or 2 (all)",
			r.GetDraw())
	}
	if !protocol.Quantity(r.GetWant()).Valid() {
		return protocol.Request{}, fmt.Errorf("request for quantities %#x, want a set of known ones",
			r.GetWant())
	}
	return protocol.Request{
		BatchSize: int(r.GetBatchSize()), Draw: protocol.Draw(r.GetDraw()),
		Want: protocol.Quantity(r.GetWant()), Trial: r.GetTrial(),
	}, nil
}
