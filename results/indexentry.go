package results

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"noisebench/protocol"
)

// What decodeEntry reads begins with the numbers of texts that the record shares with others, the
// seed, and the lengths of two pieces of JSON, which follow: the End, and the Host from the start
// time on. The rest are the numbers of the points.
const (
	textRun     = iota // a Run's JSON, with a zero byte in the place of the seed's digits
	textSpec           // a ProblemSpec's JSON
	textHost           // a Host's JSON up to the start time
	textColumns        // what points have in integers, see encodePoints
	numTexts
)

var entryBuffers = sync.Pool{New: func() any { return new([]byte) }}

// common is what the records that have all texts in common share.
type common struct {
	run     Run // but for the seed
	spec    protocol.ProblemSpec
	host    Host   // but for the times
	text    []byte // of the host
	columns []byte
}

// decodeCommon returns nil if the texts are damaged.
func decodeCommon(texts [numTexts][]byte, known *shared) *common {
	c := &common{text: texts[textHost], columns: texts[textColumns]}
	before, after, ok := bytes.Cut(texts[textRun], []byte{0})
	run := slices.Concat(before, []byte("0"), after)
	host := slices.Concat(c.text, []byte("}"))
	if !ok || known.run(run, &c.run) != nil || known.spec(texts[textSpec], &c.spec) != nil ||
		json.Unmarshal(host, &c.host) != nil {
		return nil
	}
	return c
}

// decodeEntry decodes an entry; shared returns what belongs to its texts, or nil.
func decodeEntry(b []byte, shared func(texts [numTexts]uint32) *common, r *Record) bool {
	const fixed = 4*numTexts + 8 + 2 + 2
	if len(b) < fixed {
		return false
	}
	var texts [numTexts]uint32
	for n := range texts {
		texts[n] = little.Uint32(b[4*n:])
	}
	c := shared(texts)
	end, host := int(little.Uint16(b[fixed-4:])), int(little.Uint16(b[fixed-2:]))
	if c == nil || fixed+end+host > len(b) {
		return false
	}
	r.Run, r.Spec, r.Host = c.run, c.spec, c.host
	r.Run.Seed = little.Uint64(b[4*numTexts:])
	rest := b[fixed:]
	if !scanEnd(rest[:end], &r.End) {
		r.End = End{}
		if json.Unmarshal(rest[:end], &r.End) != nil {
			return false
		}
	}
	if times := rest[end : end+host]; len(times) == 0 || !scanTimes(times[1:], &r.Host) {
		r.Host = Host{}
		if json.Unmarshal(slices.Concat(c.text, times), &r.Host) != nil {
			return false
		}
	}
	var ok bool
	r.Points, ok = decodePoints(c.columns, rest[end+host:])
	return ok
}

// encodeEntry returns the texts of the record r in data and the rest of its entry. ok is false if
// the record has what an entry cannot hold.
func encodeEntry(data []byte, r *Record) (texts [numTexts][]byte, rest []byte, ok bool) {
	value := map[string][]byte{}
	for line := range bytes.Lines(data) {
		if kind, v, ok := split(bytes.TrimSuffix(line, []byte("\n"))); ok && string(kind) != "point" {
			value[string(kind)] = v
		}
	}
	seed := strconv.AppendUint([]byte(`,"seed":`), r.Run.Seed, 10)
	i := bytes.LastIndex(value["run"], append(seed, `,"budget":`...))
	host, _, whole := bytes.Cut(value["host"], []byte(`},"digest":"`))
	j := bytes.LastIndex(host, []byte(`,"started":`))
	if i < 0 || j < 0 || !whole || len(value["end"]) > math.MaxUint16 ||
		len(host)-j >= math.MaxUint16 {
		return texts, nil, false
	}
	host = append(slices.Clip(host), '}')
	i += len(`,"seed":`)
	columns, numbers := encodePoints(r.Points)
	texts = [numTexts][]byte{
		textRun:  slices.Concat(value["run"][:i], []byte{0}, value["run"][i+len(seed)-len(`,"seed":`):]),
		textSpec: value["problem"], textHost: host[:j], textColumns: columns,
	}
	rest = little.AppendUint64(nil, r.Run.Seed)
	rest = little.AppendUint16(rest, uint16(len(value["end"])))
	rest = little.AppendUint16(rest, uint16(len(host)-j))
	return texts, append(append(append(rest, value["end"]...), host[j:]...), numbers...), true
}

// What a point has, in its columns.
const (
	hasValidation = 1 << iota
	hasTest
	metricIsLoss
)

// values are those of a point.
func (p *Point) values() (all [3]*Value) { return [3]*Value{&p.Train, p.Validation, p.Test} }

// encodePoints encodes points as integers, which runs of equal budgets have in common, and numbers.
func encodePoints(points []Point) (columns, numbers []byte) {
	columns = binary.AppendUvarint(nil, uint64(len(points)))
	for i := range points {
		p := &points[i]
		for _, v := range []int64{p.Mark, p.Seen, int64(p.Step), int64(p.BatchSize)} {
			columns = binary.AppendVarint(columns, v)
		}
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
		columns = append(columns, flags)
		for _, v := range p.values() {
			if v == nil {
				continue
			}
			numbers = little.AppendUint64(numbers, math.Float64bits(float64(v.Loss)))
			if flags&metricIsLoss == 0 {
				numbers = little.AppendUint64(numbers, math.Float64bits(float64(v.Metric)))
			}
		}
	}
	return columns, numbers
}

func decodePoints(columns, numbers []byte) (points []Point, ok bool) {
	integer := func() int64 {
		v, n := binary.Varint(columns)
		if n <= 0 {
			columns = nil
			return -1
		}
		columns = columns[n:]
		return v
	}
	number := func() protocol.Number {
		if len(numbers) < 8 {
			ok = false
			return 0
		}
		v := math.Float64frombits(little.Uint64(numbers))
		numbers = numbers[8:]
		return protocol.Number(v)
	}
	count, n := binary.Uvarint(columns)
	if n <= 0 || count > uint64(len(columns)) {
		return nil, false
	}
	columns = columns[n:]
	points, ok = make([]Point, count), true
	var room []parts
	for i := range points {
		p := &points[i]
		p.Mark, p.Seen, p.Step, p.BatchSize = integer(), integer(), int(integer()), int(integer())
		if len(columns) == 0 {
			return nil, false
		}
		flags := columns[0]
		columns = columns[1:]
		if flags&(hasValidation|hasTest) != 0 {
			if room == nil {
				room = make([]parts, len(points))
			}
			if flags&hasValidation != 0 {
				p.Validation = &room[i].validation
			}
			if flags&hasTest != 0 {
				p.Test = &room[i].test
			}
		}
		for _, v := range p.values() {
			if v == nil {
				continue
			}
			v.Loss = number()
			v.Metric = v.Loss
			if flags&metricIsLoss == 0 {
				v.Metric = number()
			}
		}
	}
	return points, ok && len(columns) == 0 && len(numbers) == 0
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
