package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"noisebench/protocol"
)

// SyntaxError says that a file is not a valid record.
type SyntaxError struct {
	File string
	Line int // from 1; 0 if the whole file is meant
	Msg  string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Encode returns the bytes of r's file. It fails only if r holds a value that JSON cannot carry, such as a constant of
// the problem that is not finite.
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
	digest := sha256.Sum256(b.Bytes())
	line("host", &r.Host)
	b.Truncate(b.Len() - len("}\n"))
	fmt.Fprintf(b, ",\"digest\":\"%x\"}\n", digest)
	return b.Bytes(), failure
}

// Decode reads what Encode wrote. name is the path of the file, for errors, which are all *SyntaxErrors; its base name
// must begin with the ID of the run.
func Decode(name string, data []byte) (*Record, error) {
	return decode(name, data, true, nil)
}

// Decoder reads many records. It leaves traces out, and records of the same problem share the slices and maps of its spec:
// do not change them. The zero value is ready; it must not be used side by side.
type Decoder struct {
	specs map[string]protocol.ProblemSpec
}

// Decode is [Decode] without the trace. It copies what it keeps of data.
func (d *Decoder) Decode(name string, data []byte) (*Record, error) {
	if d.specs == nil {
		d.specs = map[string]protocol.ProblemSpec{}
	}
	return decode(name, data, false, d.specs)
}

// decode is Decode. It skips the trace unless it is wanted, and shares the problem's spec with earlier records of the
// same problem by way of specs, which may be nil.
func decode(name string, data []byte, wantTrace bool, specs map[string]protocol.ProblemSpec) (*Record, error) {
	number := 0
	bad := func(format string, args ...any) (*Record, error) {
		return nil, &SyntaxError{File: name, Line: number, Msg: fmt.Sprintf(format, args...)}
	}
	if len(data) == 0 {
		return bad("file is empty")
	}
	r := new(Record)
	var haveRun, haveSpec, haveEnd bool
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
		case number == 1 && kind != "run":
			return bad("not a record: its first line is %q, want run", kind)
		}
		rest = tail
		var err error
		switch kind {
		case "run":
			if haveRun {
				return bad("second run in one file")
			}
			haveRun = true
			sum := sha256.Sum256(value)
			if id := hex.EncodeToString(sum[:]); !strings.HasPrefix(filepath.Base(name), id) {
				return bad("the run's ID is %s: the file was renamed, or the line changed", id)
			}
			err = json.Unmarshal(value, &r.Run)
		case "imported":
			r.Imported = new(Imported)
			err = json.Unmarshal(value, r.Imported)
		case "problem":
			haveSpec = true
			var known bool
			if r.Spec, known = specs[string(value)]; !known {
				err = json.Unmarshal(value, &r.Spec)
				if specs != nil {
					specs[string(value)] = r.Spec
				}
			}
		case "point":
			if r.Points == nil {
				r.Points = make([]Point, 0, 1+max(0, min(r.Run.Evaluations, len(data)/len(line))))
			}
			r.Points = append(r.Points, Point{})
			if p := &r.Points[len(r.Points)-1]; !scanPoint(value, p) {
				*p = Point{}
				err = json.Unmarshal(value, p)
			}
		case "trace":
			if wantTrace {
				r.Trace = new(Trace)
				err = json.Unmarshal(value, r.Trace)
			}
		case "end":
			haveEnd = true
			err = json.Unmarshal(value, &r.End)
		case "host":
			last := struct {
				Host   *Host  `json:"host"`
				Digest string `json:"digest"`
			}{Host: &r.Host}
			if err = json.Unmarshal(line, &last); err != nil {
				break
			}
			digest := sha256.Sum256(data[:start])
			switch {
			case hex.EncodeToString(digest[:]) != last.Digest:
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

// split takes a line {"kind":value} apart. If there are more names, value has them too.
func split(line []byte) (kind string, value []byte, ok bool) {
	line, ok = bytes.CutPrefix(line, []byte(`{"`))
	if !ok {
		return "", nil, false
	}
	name, value, ok := bytes.Cut(line, []byte(`":`))
	if !ok || len(value) == 0 {
		return "", nil, false
	}
	return string(name), value[:len(value)-1], true
}
