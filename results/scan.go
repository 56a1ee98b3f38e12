package results

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"noisebench/protocol"
)

// The functions below parse those parts of a record that differ from run to run, much faster than
// encoding/json, since tables read all files. They accept exactly the bytes that Encode writes, and
// report false for everything else, such as an object with more names, which is then left to
// encoding/json.

// parts holds the values of a point on the parts other than the train part.
type parts struct{ validation, test Value }

// scanPoint parses a Point. It stores the values of parts in the free capacity of slab, so that a
// record takes few allocations.
func scanPoint(b []byte, p *Point, slab *[]parts) bool {
	s := scanner{b, true}
	p.Mark = s.integer(`{"mark":`)
	p.Seen = s.integer(`,"seen":`)
	p.Step = int(s.integer(`,"step":`))
	p.BatchSize = int(s.integer(`,"batch_size":`))
	p.Train = s.value(`,"train":`)
	if len(s.rest) > len(`}`) {
		if len(*slab) == cap(*slab) {
			*slab = make([]parts, 0, max(1, len(*slab)))
		}
		*slab = append(*slab, parts{})
		at := &(*slab)[len(*slab)-1]
		if s.next(`,"validation":`) {
			at.validation = s.value("")
			p.Validation = &at.validation
		}
		if s.next(`,"test":`) {
			at.test = s.value("")
			p.Test = &at.test
		}
	}
	s.literal(`}`)
	return s.ok && len(s.rest) == 0
}

// scanEnd parses an End without a reason.
func scanEnd(b []byte, e *End) bool {
	s := scanner{b, true}
	switch {
	case s.next(`{"status":"ok"`):
		e.Status = OK
	case s.next(`{"status":"diverged"`):
		e.Status = Diverged
	default:
		return false
	}
	e.Steps = int(s.integer(`,"steps":`))
	e.Seen = s.integer(`,"seen":`)
	if s.next(`,"unused":`) {
		e.Unused = s.integer("")
	}
	e.Gradients = s.integer(`,"gradients":`)
	if s.next(`,"variances":`) {
		e.Variances = s.integer("")
	}
	if s.next(`,"curvatures":`) {
		e.Curvatures = s.integer("")
	}
	e.Oracle = s.next(`,"oracle":true`)
	e.MinBatch = int(s.integer(`,"min_batch":`))
	e.MaxBatch = int(s.integer(`,"max_batch":`))
	s.literal(`}`)
	return s.ok && len(s.rest) == 0
}

// scanTrace parses a Trace.
func scanTrace(b []byte, t *Trace) bool {
	s := scanner{b, true}
	t.Stride = int(s.integer(`{"stride":`))
	t.Seen = list(&s, `,"seen":`, s.int64)
	t.Loss = list(&s, `,"loss":`, s.element)
	t.BatchSize = list(&s, `,"batch_size":`, func() int { return int(s.int64()) })
	if s.next(`,"reports":`) {
		t.Reports = s.columns()
	}
	if s.next(`,"diagnostics":`) {
		t.Diagnostics = s.columns()
	}
	s.literal(`}`)
	return s.ok && len(s.rest) == 0
}

// columns parses the columns of a trace by their names.
func (s *scanner) columns() map[string][]protocol.Number {
	all := map[string][]protocol.Number{}
	s.literal(`{`)
	for first := true; s.ok && !s.next(`}`); first = false {
		if !first {
			s.literal(`,`)
		}
		name := s.text(`"`)
		all[name] = list(s, `:`, s.element)
	}
	return all
}

// list parses a name and a list.
func list[T any](s *scanner, name string, element func() T) []T {
	s.literal(name)
	s.literal(`[`)
	all := []T{}
	for first := true; s.ok && !s.next(`]`); first = false {
		if !first {
			s.literal(`,`)
		}
		all = append(all, element())
	}
	return all
}

func (s *scanner) int64() int64 { return s.integer("") }

// element parses a number in a list.
func (s *scanner) element() protocol.Number {
	n := 0
	for n < len(s.rest) && s.rest[n] != ',' && s.rest[n] != ']' {
		n++
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return s.number(word)
}

// scanTimes parses the part of a Host's JSON that differs from run to run, from Started on.
func scanTimes(b []byte, h *Host) bool {
	s := scanner{b, true}
	h.Started = s.text(`"started":"`)
	h.ProblemTime = s.decimal(`,"problem_seconds":`)
	h.OptimizerTime = s.decimal(`,"optimizer_seconds":`)
	h.EvaluateTime = s.decimal(`,"evaluate_seconds":`)
	h.HarnessTime = s.decimal(`,"harness_seconds":`)
	if s.next(`,"transport_seconds":`) {
		h.TransportTime = s.decimal("")
	}
	s.literal(`}`)
	return s.ok && len(s.rest) == 0
}

type scanner struct {
	rest []byte
	ok   bool // so far
}

// next skips a text if it comes next, and reports whether it did.
func (s *scanner) next(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

func (s *scanner) literal(want string) { s.ok = s.next(want) && s.ok }

// until returns, and skips, the bytes before the next occurrence of end.
func (s *scanner) until(end byte) []byte {
	n := bytes.IndexByte(s.rest, end)
	if n < 0 {
		s.ok = false
		return nil
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	return word
}

// integer parses a name and an integer from 0 to 10¹⁸ − 1.
func (s *scanner) integer(name string) (v int64) {
	s.literal(name)
	n := 0
	for n < len(s.rest) && '0' <= s.rest[n] && s.rest[n] <= '9' {
		v = 10*v + int64(s.rest[n]-'0')
		n++
	}
	s.ok = s.ok && 0 < n && n <= 18 && (n == 1 || s.rest[0] != '0')
	s.rest = s.rest[n:]
	return v
}

func (s *scanner) value(name string) (v Value) {
	s.literal(name)
	s.literal(`{"loss":`)
	loss := s.until(',')
	v.Loss = s.number(loss)
	s.literal(`,"metric":`)
	// if the metric is the loss, as in many problems, it need not be parsed again
	if metric := s.until('}'); bytes.Equal(metric, loss) {
		v.Metric = v.Loss
	} else {
		v.Metric = s.number(metric)
	}
	s.literal(`}`)
	return v
}

func (s *scanner) number(word []byte) protocol.Number {
	switch string(word) {
	case `"NaN"`:
		return protocol.Number(math.NaN())
	case `"+Inf"`:
		return protocol.Number(math.Inf(1))
	case `"-Inf"`:
		return protocol.Number(math.Inf(-1))
	}
	return protocol.Number(s.float(word))
}

// decimal parses a name and a number. Since the digest does not cover it, it is checked to be valid
// JSON.
func (s *scanner) decimal(name string) float64 {
	s.literal(name)
	n := 0
	for n < len(s.rest) && s.rest[n] != ',' && s.rest[n] != '}' {
		n++
	}
	word := s.rest[:n]
	s.rest = s.rest[n:]
	s.ok = s.ok && json.Valid(word)
	return s.float(word)
}

func (s *scanner) float(word []byte) float64 {
	v, err := strconv.ParseFloat(string(word), 64)
	s.ok = s.ok && err == nil
	return v
}

// text parses a name and a string without escapes, up to its closing quote.
func (s *scanner) text(name string) string {
	s.literal(name)
	word := s.until('"')
	s.literal(`"`)
	for _, c := range word {
		s.ok = s.ok && ' ' <= c && c < 0x80 && c != '\\'
	}
	return string(word)
}
