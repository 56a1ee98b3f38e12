package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// SyntaxError is the error for a file that is not a valid record.
type SyntaxError struct {
	File string
	Line int // from 1; 0 for the whole file
	Msg  string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Encode returns the contents of r's file. It fails only if r holds a value that JSON cannot
// represent, such as a constant of the problem that is not finite.
func Encode(r *Record) ([]byte, error) {
	b := new(bytes.Buffer)
	var failure error
	line := func(kind string, value any) {
		v, err := json.Marshal(value)
		if err != nil && failure == nil {
			failure = fmt.Errorf("cannot write the %s of run %s: %w", kind, r.Run.ID(), err)
		}
		fmt.Fprintf(b, "{%q:%s}\n", kind, v)
	}
	line("run", &r.Run)
	if r.Imported != nil {
		line("imported", r.Imported)
	}
	line("problem", &r.Spec)
	for i := range r.Points {
		line("point", &r.Points[i])
	}
	if r.Trace != nil {
		line("trace", r.Trace)
	}
	line("end", &r.End)
	sum := digest(b.Bytes())
	line("host", &r.Host)
	b.Truncate(b.Len() - len("}\n"))
	fmt.Fprintf(b, ",\"digest\":\"%s\"}\n", sum[:])
	return b.Bytes(), failure
}

// Decode reads the output of [Encode]. name is the path of the file; its base name must begin with
// the ID of the run. All errors are *SyntaxErrors.
func Decode(name string, data []byte) (*Record, error) {
	return decode(name, data, true, nil)
}

// Decoder decodes many records, without their traces. Records share equal slices and maps, such as
// those of the problem's spec, which must not be modified. The zero value is ready for use. A
// Decoder must not be used concurrently.
type Decoder struct{ known *shared }

// Decode is [Decode] without the trace. The record does not refer to data.
func (d *Decoder) Decode(name string, data []byte) (*Record, error) {
	if d.known == nil {
		d.known = newShared()
	}
	return decode(name, data, false, d.known)
}

// decode is Decode. It skips the trace unless wantTrace is set, and shares slices and maps with
// earlier records through known, which may be nil.
func decode(name string, data []byte, wantTrace bool, known *shared) (*Record, error) {
	number := 0
	bad := func(format string, args ...any) (*Record, error) {
		return nil, &SyntaxError{File: name, Line: number, Msg: fmt.Sprintf(format, args...)}
	}
	if len(data) == 0 {
		return bad("file is empty")
	}
	r := new(Record)
	var haveRun, haveSpec, haveEnd bool
	var slab []parts // of r.Points
	for rest := data; len(rest) > 0; {
		number++
		start := len(data) - len(rest)
		line, tail, whole := bytes.Cut(rest, []byte("\n"))
		kind, value, ok := split(line)
		switch {
		case !ok:
			return bad("not a line of a record")
		case !whole:
			return bad("file is torn: its last line does not end")
		case number == 1 && string(kind) != "run":
			return bad("not a record: its first line is %q, want run", kind)
		}
		rest = tail
		var err error
		switch string(kind) {
		case "run":
			if haveRun {
				return bad("second run in one file")
			}
			haveRun = true
			if id := digest(value); !strings.HasPrefix(filepath.Base(name), string(id[:])) {
				return bad("the run's ID is %s: the file was renamed, or the line changed", id)
			}
			err = known.run(value, &r.Run)
		case "imported":
			r.Imported = new(Imported)
			err = json.Unmarshal(value, r.Imported)
		case "problem":
			haveSpec = true
			err = known.spec(value, &r.Spec)
		case "point":
			if r.Points == nil {
				n := 1 + max(0, min(r.Run.Evaluations, len(data)/len(line)))
				r.Points = make([]Point, 0, n)
				if r.Spec.Validation > 0 || r.Spec.Test > 0 {
					slab = make([]parts, 0, n)
				}
			}
			r.Points = append(r.Points, Point{})
			if p := &r.Points[len(r.Points)-1]; !scanPoint(value, p, &slab) {
				*p = Point{}
				err = json.Unmarshal(value, p)
			}
		case "trace":
			if wantTrace {
				r.Trace = new(Trace)
				if !scanTrace(value, r.Trace) {
					*r.Trace = Trace{}
					err = json.Unmarshal(value, r.Trace)
				}
			}
		case "end":
			haveEnd = true
			if !scanEnd(value, &r.End) {
				r.End = End{}
				err = json.Unmarshal(value, &r.End)
			}
		case "host":
			var want []byte
			if want, err = decodeHost(line, value, &r.Host, known); err != nil {
				break
			}
			is := digest(data[:start])
			switch {
			case !bytes.Equal(is[:], want):
				return bad("the digest does not fit: the file was changed or damaged")
			case !haveSpec || !haveEnd || len(r.Points) == 0 && r.End.Status != Failed:
				return bad("the record lacks its problem, its points or its end")
			case len(rest) > 0:
				number++
				return bad("there is more after the last line")
			}
			return r, nil
		}
		if err != nil {
			return bad("%s: %v", kind, err)
		}
	}
	return bad("file is torn: it ends before its last line")
}

// decodeHost decodes the last line, of which value is the part after the first name, and returns
// the digest.
func decodeHost(line, value []byte, h *Host, known *shared) (digest []byte, err error) {
	host, rest, ok := bytes.Cut(value, []byte(`},"digest":"`))
	if text, last := bytes.CutSuffix(rest, []byte(`"`)); ok && last && len(text) == 2*sha256.Size {
		if known.host(value[:len(host)+1], h) == nil {
			return text, nil
		}
		*h = Host{}
	}
	all := struct {
		Host   *Host  `json:"host"`
		Digest string `json:"digest"`
	}{Host: h}
	err = json.Unmarshal(line, &all)
	return []byte(all.Digest), err
}

// digest returns the hexadecimal SHA-256 of data.
func digest(data []byte) (text [2 * sha256.Size]byte) {
	sum := sha256.Sum256(data)
	hex.Encode(text[:], sum[:])
	return text
}

// SplitOutcome cuts the bytes of a record before its last line. What comes before it is the outcome
// of the run: the same bits wherever the same code makes it on the same platform (R2). The last
// line says when and where it was made, and has the SHA-256 of the rest. Both share memory with
// data.
func SplitOutcome(data []byte) (outcome, provenance []byte) {
	cut := 1 + bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n')
	return data[:cut:cut], data[cut:]
}

// split splits a line {"kind":value}. value includes any further names.
func split(line []byte) (kind, value []byte, ok bool) {
	line, ok = bytes.CutPrefix(line, []byte(`{"`))
	if !ok {
		return nil, nil, false
	}
	kind, value, ok = bytes.Cut(line, []byte(`":`))
	if !ok || len(value) == 0 {
		return nil, nil, false
	}
	return kind, value[:len(value)-1], true
}
