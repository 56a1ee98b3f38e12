package results

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"

	"noisebench/protocol"
)

// What decodeEntry reads begins with the numbers of texts that the record shares with others; then
// come the columns, unless they are such a text, the seed, the End, the times, and the numbers of
// the trace's outline and of the points.
const (
	textRun     = iota // a Run's JSON, with a zero byte in the place of the seed's digits
	textSpec           // a ProblemSpec's JSON
	textHost           // a Host's JSON up to the start time
	textColumns        // see encodeColumns
	numTexts

	ownColumns = math.MaxUint32 // in the place of a text's number: the record has its own
)

// common is what the records that have all texts in common share.
type common struct {
	run     Run // but for the seed
	spec    protocol.ProblemSpec
	host    Host     // but for the times
	columns *columns // nil if each record has its own
}

// decodeCommon returns nil if the texts are damaged. The columns are nil if each record has its own.
func decodeCommon(texts [numTexts][]byte, columns *columns, known *shared) *common {
	c := &common{columns: columns}
	before, after, ok := bytes.Cut(texts[textRun], []byte{0})
	run := slices.Concat(before, []byte("0"), after)
	host := slices.Concat(texts[textHost], []byte("}"))
	if !ok || known.run(run, &c.run) != nil || known.spec(texts[textSpec], &c.spec) != nil ||
		json.Unmarshal(host, &c.host) != nil {
		return nil
	}
	return c
}

// decodeEntry decodes an entry into r, whose points it overwrites, with the outline of the trace if
// that is wanted. shared returns what belongs to its texts, or nil.
func decodeEntry(
	b []byte, shared func(texts [numTexts]uint32) *common, outline bool, r *Record,
) bool {
	if len(b) < 4*numTexts {
		return false
	}
	var texts [numTexts]uint32
	for n := range texts {
		texts[n] = little.Uint32(b[4*n:])
	}
	c := shared(texts)
	if c == nil {
		return false
	}
	from := cursor{b[4*numTexts:], true}
	columns := c.columns
	if texts[textColumns] == ownColumns {
		columns = decodeColumns(from.bytes())
	}
	if columns == nil {
		return false
	}
	r.Run, r.Spec, r.Host = c.run, c.spec, c.host
	r.Run.Seed = uint64(from.integer())
	from.end(&r.End)
	from.clocks(&r.Host.Clocks)
	r.Trace = columns.outline(&from, outline)
	r.Points = columns.fill(&from, r.Points)
	return from.ok && len(from.rest) == 0
}

// encodeEntry returns the texts of the record r in data, the rest of its entry, and the outline of
// its trace, if it has one. ok is false if the record has what an entry cannot hold.
func encodeEntry(data []byte, r *Record) (
	texts [numTexts][]byte, rest []byte, outline *Trace, ok bool,
) {
	value := map[string][]byte{}
	for line := range bytes.Lines(data) {
		if kind, v, ok := split(bytes.TrimSuffix(line, []byte("\n"))); ok && string(kind) != "point" {
			value[string(kind)] = v
		}
	}
	seed := strconv.AppendUint([]byte(`,"seed":`), r.Run.Seed, 10)
	i := bytes.LastIndex(value["run"], append(seed, `,"budget":`...))
	j := bytes.LastIndex(value["host"], []byte(`,"started":`))
	if i < 0 || j < 0 {
		return texts, nil, nil, false
	}
	if line, traced := value["trace"]; traced {
		var t Trace
		if !scanTrace(line, &t) {
			t = Trace{}
			if json.Unmarshal(line, &t) != nil {
				return texts, nil, nil, false
			}
		}
		if outline = t.Outline(r.Run.Budget); outline == nil {
			return texts, nil, nil, false
		}
	}
	i += len(`,"seed":`)
	texts = [numTexts][]byte{
		textRun:  slices.Concat(value["run"][:i], []byte{0}, value["run"][i+len(seed)-len(`,"seed":`):]),
		textSpec: value["problem"], textHost: value["host"][:j],
		textColumns: encodeColumns(r.Points, outline),
	}
	rest = binary.AppendVarint(nil, int64(r.Run.Seed))
	rest = appendEnd(rest, &r.End)
	rest = appendText(rest, r.Host.Started)
	for _, v := range r.Host.times() {
		rest = appendNumber(rest, *v)
	}
	if outline != nil {
		for _, v := range outline.Diagnostics[NoiseToSignal] {
			rest = appendNumber(rest, float64(v))
		}
	}
	for i := range r.Points {
		flags := r.Points[i].flags()
		for _, v := range r.Points[i].values() {
			if v == nil {
				continue
			}
			rest = appendNumber(rest, float64(v.Loss))
			if flags&metricIsLoss == 0 {
				rest = appendNumber(rest, float64(v.Metric))
			}
		}
	}
	return texts, rest, outline, true
}

func appendNumber(b []byte, v float64) []byte {
	return little.AppendUint64(b, math.Float64bits(v))
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendEnd(b []byte, e *End) []byte {
	b = appendText(appendText(b, string(e.Status)), e.Reason)
	oracle := int64(0)
	if e.Oracle {
		oracle = 1
	}
	for _, v := range [...]int64{
		int64(e.Steps), e.Seen, e.Unused, e.Gradients, e.Variances, e.Curvatures, oracle,
		int64(e.MinBatch), int64(e.MaxBatch),
	} {
		b = binary.AppendVarint(b, v)
	}
	return b
}

// times are those of a run.
func (c *Clocks) times() [5]*float64 {
	return [...]*float64{
		&c.ProblemTime, &c.OptimizerTime, &c.EvaluateTime, &c.HarnessTime, &c.TransportTime,
	}
}

// cursor reads an entry.
type cursor struct {
	rest []byte
	ok   bool // so far
}

func (c *cursor) fail() { c.rest, c.ok = nil, false }

func (c *cursor) integer() int64 {
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) number() float64 {
	if len(c.rest) < 8 {
		c.fail()
		return 0
	}
	v := math.Float64frombits(little.Uint64(c.rest))
	c.rest = c.rest[8:]
	return v
}

func (c *cursor) bytes() []byte {
	length, n := binary.Uvarint(c.rest)
	if n <= 0 || length > uint64(len(c.rest)-n) {
		c.fail()
		return nil
	}
	text := c.rest[n : n+int(length)]
	c.rest = c.rest[n+int(length):]
	return text
}

func (c *cursor) end(e *End) {
	switch status := c.bytes(); string(status) {
	case string(OK):
		e.Status = OK
	default:
		e.Status = Status(status)
	}
	e.Reason = string(c.bytes())
	e.Steps, e.Seen, e.Unused = int(c.integer()), c.integer(), c.integer()
	e.Gradients, e.Variances, e.Curvatures = c.integer(), c.integer(), c.integer()
	e.Oracle = c.integer() != 0
	e.MinBatch, e.MaxBatch = int(c.integer()), int(c.integer())
}

func (c *cursor) clocks(clocks *Clocks) {
	clocks.Started = string(c.bytes())
	for _, v := range clocks.times() {
		*v = c.number()
	}
}

// What a point has, in its columns.
const (
	hasValidation = 1 << iota
	hasTest
	metricIsLoss
)

// values are those of a point.
func (p *Point) values() (all [3]*Value) { return [3]*Value{&p.Train, p.Validation, p.Test} }

func (p *Point) flags() byte {
	flags := byte(metricIsLoss)
	for k, v := range p.values() {
		if v == nil {
			continue
		}
		if k > 0 {
			flags |= hasValidation << (k - 1)
		}
		if math.Float64bits(float64(v.Loss)) != math.Float64bits(float64(v.Metric)) {
			flags &^= metricIsLoss
		}
	}
	return flags
}

// columns are the integers of a record's points and of the outline of its trace, which runs of equal
// budgets and batch sizes have in common.
type columns struct {
	points []Point // without values
	flags  []byte  // of each
	parts  bool    // some of them have more parts than the train part
	trace  *Trace  // nil: none
	noise  bool    // the outline has it
}

// encodeColumns encodes the columns of points and outline, which may be nil.
func encodeColumns(points []Point, outline *Trace) []byte {
	b := binary.AppendVarint(nil, int64(len(points)))
	for i := range points {
		p := &points[i]
		for _, v := range [...]int64{
			p.Mark, p.Seen, int64(p.Step), int64(p.BatchSize), int64(p.flags()),
		} {
			b = binary.AppendVarint(b, v)
		}
	}
	if outline == nil {
		return binary.AppendVarint(b, -1)
	}
	b = binary.AppendVarint(b, int64(len(outline.Seen)))
	b = binary.AppendVarint(b, int64(outline.Stride))
	b = binary.AppendVarint(b, int64(len(outline.Diagnostics)))
	last := int64(0)
	for i, seen := range outline.Seen {
		b = binary.AppendVarint(b, seen-last)
		b = binary.AppendVarint(b, int64(outline.BatchSize[i]))
		last = seen
	}
	return b
}

// decodeColumns returns nil if the columns are damaged.
func decodeColumns(b []byte) *columns {
	from := cursor{b, true}
	count := from.integer()
	if count < 0 || count > int64(len(b)) {
		return nil
	}
	c := &columns{points: make([]Point, count), flags: make([]byte, count)}
	for i := range c.points {
		p := &c.points[i]
		p.Mark, p.Seen, p.Step, p.BatchSize = from.integer(), from.integer(), int(from.integer()),
			int(from.integer())
		c.flags[i] = byte(from.integer())
		c.parts = c.parts || c.flags[i]&(hasValidation|hasTest) != 0
	}
	if count = from.integer(); count >= 0 && count <= int64(len(b)) {
		c.trace = &Trace{
			Stride: int(from.integer()), Seen: make([]int64, count), BatchSize: make([]int, count),
		}
		c.noise = from.integer() != 0
		last := int64(0)
		for i := range c.trace.Seen {
			last += from.integer()
			c.trace.Seen[i], c.trace.BatchSize[i] = last, int(from.integer())
		}
	}
	if !from.ok || len(from.rest) > 0 {
		return nil
	}
	return c
}

// outline reads the outline of a trace, or skips it. It shares slices with c.
func (c *columns) outline(from *cursor, wanted bool) *Trace {
	if c.trace == nil {
		return nil
	}
	var noise []protocol.Number
	if c.noise {
		n := len(c.trace.Seen)
		if len(from.rest) < 8*n {
			from.fail()
			return nil
		}
		if wanted {
			noise = make([]protocol.Number, n)
			for i := range noise {
				noise[i] = protocol.Number(math.Float64frombits(little.Uint64(from.rest[8*i:])))
			}
		}
		from.rest = from.rest[8*n:]
	}
	if !wanted {
		return nil
	}
	t := *c.trace
	if c.noise {
		t.Diagnostics = map[string][]protocol.Number{NoiseToSignal: noise}
	}
	return &t
}

// fill reads the values of the points, into old ones if there are as many.
func (c *columns) fill(from *cursor, points []Point) []Point {
	if cap(points) < len(c.points) {
		points = make([]Point, len(c.points))
	}
	points = points[:len(c.points)]
	var room []parts
	if c.parts && (len(points) == 0 || points[0].Validation == nil && points[0].Test == nil) {
		room = make([]parts, len(points))
	}
	for i, flags := range c.flags {
		p := &points[i]
		validation, test := p.Validation, p.Test
		if *p = c.points[i]; room != nil {
			validation, test = &room[i].validation, &room[i].test
		}
		from.value(&p.Train, flags)
		if flags&hasValidation != 0 {
			if p.Validation = validation; validation == nil {
				p.Validation = new(Value)
			}
			from.value(p.Validation, flags)
		}
		if flags&hasTest != 0 {
			if p.Test = test; test == nil {
				p.Test = new(Value)
			}
			from.value(p.Test, flags)
		}
	}
	return points
}

func (c *cursor) value(v *Value, flags byte) {
	v.Loss = protocol.Number(c.number())
	v.Metric = v.Loss
	if flags&metricIsLoss == 0 {
		v.Metric = protocol.Number(c.number())
	}
}

// sameOutline compares outlines bit by bit.
func sameOutline(a, b *Trace) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := func(v, w protocol.Number) bool {
		return math.Float64bits(float64(v)) == math.Float64bits(float64(w))
	}
	return a.Stride == b.Stride && slices.Equal(a.Seen, b.Seen) &&
		slices.Equal(a.BatchSize, b.BatchSize) && len(a.Diagnostics) == len(b.Diagnostics) &&
		slices.EqualFunc(a.Diagnostics[NoiseToSignal], b.Diagnostics[NoiseToSignal], same)
}

// sameRecord compares records without their traces, points bit by bit.
func sameRecord(r, s *Record) bool {
	return r.End == s.End && reflect.DeepEqual(r.Run, s.Run) && reflect.DeepEqual(r.Spec, s.Spec) &&
		reflect.DeepEqual(r.Host, s.Host) &&
		samePoints(r.Points, s.Points)
}

func samePoints(a, b []Point) bool {
	bits := func(v *Value) [3]uint64 {
		if v == nil {
			return [3]uint64{}
		}
		return [3]uint64{1, math.Float64bits(float64(v.Loss)), math.Float64bits(float64(v.Metric))}
	}
	return slices.EqualFunc(a, b, func(p, q Point) bool {
		for k, v := range p.values() {
			if bits(v) != bits(q.values()[k]) {
				return false
			}
		}
		p.Train, p.Validation, p.Test, q.Train, q.Validation, q.Test = Value{}, nil, nil, Value{}, nil,
			nil
		return p == q
	})
}
