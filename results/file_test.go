package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"noisebench/protocol"
)

// sameNumber makes NaN equal to itself.
var sameNumber = cmp.Comparer(func(a, b protocol.Number) bool { return a == b || a != a && b != b })

func encode(t testing.TB, r *Record) []byte {
	t.Helper()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEncodeDecode(t *testing.T) {
	full := example(1)
	full.Points[2].Train = Value{protocol.Number(nan), protocol.Number(inf)}
	full.Points[3].Test = &Value{protocol.Number(-inf), 1e-300}
	full.Trace.Loss[1] = protocol.Number(nan)
	bare := example(2)
	bare.Trace = nil
	bare.Points = bare.Points[:1]
	bare.Points[0].Validation, bare.Points[0].Test = nil, nil
	bare.End = End{Status: Diverged, Reason: "the loss \"is\" <NaN>\nat step 3"}
	for _, want := range []*Record{full, bare} {
		data := encode(t, want)
		got, err := Decode("dir/"+want.Run.ID()+".jsonl", data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, sameNumber); d != "" {
			t.Errorf("decoded record differs (-want +got):\n%s", d)
		}
		if again := encode(t, got); !bytes.Equal(again, data) {
			t.Errorf("encoding again gives other bytes:\n%s\nwant\n%s", again, data)
		}
		light, err := decode(want.Run.ID(), data, false, newShared())
		if err != nil || light.Trace != nil {
			t.Errorf("decoding without trace gives trace %v and error %v", light.Trace, err)
		}
	}
}

// Only the last line may depend on where and when a run was made.
func TestEncodeDeterministicPart(t *testing.T) {
	a, b := example(1), example(1)
	b.Host = Host{Machine: "elsewhere"}
	x, y := encode(t, a), encode(t, b)
	if !bytes.Equal(outcome(x), outcome(y)) || bytes.Equal(x, y) {
		t.Error("records of one run must differ in their last lines, and only there")
	}
	if !strings.HasPrefix(string(x[len(outcome(x)):]), `{"host":{`) {
		t.Errorf("last line is %s, want the host", x[len(outcome(x)):])
	}
}

// A change to these bytes makes every record on disk unreadable, or gives every run another name.
func TestEncodeBytes(t *testing.T) {
	r := &Record{
		Run: Run{
			Protocol: 2,
			Problem: ProblemID{
				Name: "p", Version: "1", Plugin: protocol.Origin{Plugin: "built-in", Path: "/p", Executable: "e"}, Fingerprint: "1-f",
				Parameters: protocol.Setting{"b": 2, "a": 1},
			},
			Optimizer: OptimizerID{
				Name: "o", Version: "2", Plugin: protocol.Origin{Plugin: "x", Digest: "d", Environment: "python=3"}, Fingerprint: "1-e",
				Setting: protocol.Setting{"step_size": 0.1},
			},
			Seed: 7, Budget: 100, BatchSize: 10, Order: protocol.Frozen, Evaluations: 1,
		},
		Spec: protocol.ProblemSpec{
			Dim: 1, DType: protocol.Float64, Measures: protocol.Gradient, BatchSize: 10, Budget: 100,
		},
		Points: []Point{
			{Train: Value{1, 1}},
			{
				Mark: 100, Seen: 100, Step: 10, BatchSize: 10,
				Train: Value{protocol.Number(nan), 0.5}, Test: &Value{2, 3},
			},
		},
		End: End{Status: OK, Steps: 10, Seen: 100, Gradients: 100, MinBatch: 10, MaxBatch: 10},
	}
	want := `{"run":{"protocol":2,"problem":{"name":"p","version":"1","plugin":{"plugin":"built-in"},"fingerprint":"1-f","parameters":{"a":1,"b":2}},"optimizer":{"name":"o","version":"2","plugin":{"plugin":"x","digest":"d","environment":"python=3"},"fingerprint":"1-e","setting":{"step_size":0.1}},"seed":7,"budget":100,"batch_size":10,"order":"frozen","evaluations":1,"trace":0}}
{"problem":{"dim":1,"dtype":"float64","train":0,"validation":0,"test":0,"measures":1,"metric":{"name":"","higher_better":false},"batch_size":10,"budget":100}}
{"point":{"mark":0,"seen":0,"step":0,"batch_size":0,"train":{"loss":1,"metric":1}}}
{"point":{"mark":100,"seen":100,"step":10,"batch_size":10,"train":{"loss":"NaN","metric":0.5},"test":{"loss":2,"metric":3}}}
{"end":{"status":"ok","steps":10,"seen":100,"gradients":100,"min_batch":10,"max_batch":10}}
`
	if got := string(outcome(encode(t, r))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := r.Run.ID(), "9d0a70dfa5d9c207dd9cf5f7c231d0e3db89bcab237e08f710dceb64f3ab8b19"; got != want {
		t.Errorf("ID is %s, want %s", got, want)
	}
	// A run of contract 1 has the bytes that it had then.
	r.Run.Protocol = 1
	r.Run.Problem.Fingerprint, r.Run.Optimizer.Fingerprint = "", ""
	r.Run.Problem.Plugin = protocol.Origin{Plugin: "built-in", SHA256: "ab"}
	r.Run.Optimizer.Plugin = protocol.Origin{Plugin: "x", SHA256: "cd"}
	if got, want := r.Run.ID(), "7afddf895dea22ba56ecef572c60fbdd416d78b013dc6790de1c069373d33d0b"; got != want {
		t.Errorf("ID of a run of contract 1 is %s, want %s", got, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	r := example(1)
	r.Spec.Constants = map[string]float64{"optimum": nan}
	if _, err := Encode(r); err == nil || !strings.Contains(err.Error(), "cannot write the problem of run") {
		t.Errorf("encoding a constant that is not finite: error is %v", err)
	}
}

func TestDecodeErrors(t *testing.T) {
	r := example(1)
	id := r.Run.ID()
	good := string(encode(t, r))
	lines := strings.SplitAfter(good, "\n")
	for _, c := range []struct {
		name, data string
		file       string
		line       int
		msg        string
	}{
		{"empty", "", id, 0, "file is empty"},
		{"foreign text", "hello\n", id, 1, "not a line of a record"},
		{"foreign JSON", "{\"a\":1}\n", id, 1, `its first line is "a", want run`},
		{"binary", "\x00\xff\n\n\n", id, 1, "not a line"},
		{"torn within a line", good[:len(good)/2], id, 1 + strings.Count(good[:len(good)/2], "\n"), "torn"},
		{"torn between lines", strings.Join(lines[:5], ""), id, 5, "torn: it ends before its last line"},
		{"last newline missing", strings.TrimSuffix(good, "\n"), id, 31, "torn"},
		{"renamed", good, strings.Repeat("0", 64), 1, "renamed"},
		{"tampered run", strings.Replace(good, `"seed":1`, `"seed":2`, 1), id, 1, "renamed, or the line changed"},
		{"tampered point", strings.Replace(good, `"mark":400`, `"mark":401`, 1), id, 31, "digest does not fit"},
		{"tampered trace", strings.Replace(good, `"stride":4`, `"stride":5`, 1), id, 31, "digest does not fit"},
		{"point of wrong type", strings.Replace(good, `"mark":400`, `"mark":"x"`, 1), id, 4, "point: json:"},
		{"lines swapped", lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""), id, 31, "digest does not fit"},
		{"two runs", lines[0] + good, id, 2, "second run"},
		{"something after the end", good + lines[3], id, 32, "more after the last line"},
	} {
		for _, trace := range []bool{true, false} {
			_, err := decode("dir/"+c.file+".jsonl", []byte(c.data), trace, nil)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%s: error is %v, want a SyntaxError", c.name, err)
			} else if syntax.Line != c.line || !strings.Contains(syntax.Msg, c.msg) || syntax.File == "" {
				t.Errorf("%s: error is %v, want line %d and %q", c.name, err, c.line, c.msg)
			}
		}
	}
}

func TestDecodeIgnoresUnknown(t *testing.T) {
	r := example(1)
	lines := strings.SplitAfter(string(outcome(encode(t, r))), "\n")
	lines[2] = strings.Replace(lines[2], `{"mark":0`, `{"weather":{"rain":[1,2]},"mark":0`, 1)
	lines[3] += "{\"novelty\":{\"a\":1}}\n"
	data := seal(strings.Join(lines, ""), `{"plan":"quick","new":1}`)
	got, err := Decode(r.Run.ID(), data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Points, got.Points); d != "" || got.Host.Plan != "quick" {
		t.Errorf("points differ (-want +got), or the plan is %q:\n%s", got.Host.Plan, d)
	}
}

// seal adds the last line to the lines before it.
func seal(lines, host string) []byte {
	return fmt.Appendf(nil, "%s{\"host\":%s,\"digest\":\"%x\"}\n", lines, host, sha256.Sum256([]byte(lines)))
}

// repaired gives the lines of a changed record a fitting name and digest.
func repaired(data []byte) (name string, fits []byte) {
	name = "x"
	if _, value, ok := split(bytes.SplitN(data, []byte("\n"), 2)[0]); ok {
		id := digest(value)
		name = string(id[:])
	}
	body := bytes.TrimSuffix(data, []byte("\n"))
	last := 1 + bytes.LastIndexByte(body, '\n')
	if at := bytes.LastIndex(body[last:], []byte(`,"digest":"`)); at >= 0 {
		sum := digest(data[:last])
		return name, fmt.Appendf(slices.Clone(body[:last+at]), ",\"digest\":\"%s\"}\n", sum[:])
	}
	return name, data
}

// FuzzDecode checks that no input makes Decode panic, that both ways to decode agree, and that
// accepted records are usable and survive another round. Inputs get the right name and digest,
// since few would pass those checks otherwise.
func FuzzDecode(f *testing.F) {
	for _, r := range []*Record{example(1), example(2)} {
		r.Points = r.Points[:2]
		f.Add(encode(f, r))
		r.Trace, r.Imported = nil, &Imported{Source: "x", File: "a/b"}
		f.Add(encode(f, r))
		r.End = End{Status: Failed, Reason: "crashed"}
		r.Points = nil
		f.Add(encode(f, r)[:300])
		f.Add(encode(f, r))
	}
	f.Add([]byte(`{"run":{}}` + "\n" + `{"problem":{}}` + "\n" + `{"point":{}}` + "\n" + `{"end":{}}` + "\n" + `{"host":{},"digest":""}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		name, data := repaired(data)
		got, err := Decode(name, data)
		light, lightErr := new(Decoder).Decode(name, data)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error is %v, want a SyntaxError", err)
			}
			return // the other way skips the trace, and its errors
		}
		if lightErr != nil {
			t.Fatalf("without trace, the error is %v", lightErr)
		}
		light.Trace = got.Trace
		if d := cmp.Diff(got, light, sameNumber); d != "" {
			t.Fatalf("the ways to decode differ: %s", d)
		}
		if len(got.Points) > 0 {
			got.Unstable()
			got.Score(protocol.Best, protocol.ValidationPart, protocol.TestPart)
		}
		once, err := Encode(got)
		if err != nil {
			t.Fatalf("what was decoded cannot be written: %v", err)
		}
		again, err := Decode(got.Run.ID(), once)
		if err != nil {
			t.Fatalf("what was written is not read: %v in\n%s", err, once)
		}
		if twice, err := Encode(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written again, the record is\n%s, %v; want\n%s", twice, err, once)
		}
	})
}

// FuzzScan checks that the fast parsers of lines agree with encoding/json.
func FuzzScan(f *testing.F) {
	for _, v := range scanned() {
		b, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"mark":1,"seen":2,"step":3,"batch_size":4,` +
		`"train":{"loss":"NaN","metric":"-Inf"},"test":{"loss":1,"metric":"+Inf"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		scan(t, b, new(Point), new(Point), func(p *Point) bool { return scanPoint(b, p, new([]parts)) })
		scan(t, b, new(End), new(End), func(e *End) bool { return scanEnd(b, e) })
		scan(t, b, new(Host), new(Host), func(h *Host) bool { return len(b) > 0 && b[0] == '{' && scanTimes(b[1:], h) })
	})
}

// scan compares a fast parser with encoding/json on b if both accept it, and reports whether the
// fast one does.
func scan[T any](t *testing.T, b []byte, plain, quick *T, way func(*T) bool) bool {
	t.Helper()
	able := way(quick)
	if able && json.Unmarshal(b, plain) == nil {
		if d := cmp.Diff(plain, quick, sameNumber); d != "" {
			t.Errorf("%s: quick way differs (-json +quick):\n%s", b, d)
		}
	}
	return able
}

// scanned returns values that the fast parsers must read.
func scanned() (values []any) {
	for _, p := range example(1).Points {
		values = append(values, p)
	}
	return append(values,
		Point{Mark: 1, Train: Value{protocol.Number(nan), protocol.Number(-inf)}, Test: &Value{1e-300, protocol.Number(inf)}},
		End{Status: OK, Steps: 313, Seen: 10_000, Gradients: 10_000, MinBatch: 16, MaxBatch: 32},
		End{Status: Diverged, Seen: 1, Unused: 2, Variances: 3, Curvatures: 4, Oracle: true},
		struct { // the end of a Host
			Started       string  `json:"started"`
			ProblemTime   float64 `json:"problem_seconds"`
			OptimizerTime float64 `json:"optimizer_seconds"`
			EvaluateTime  float64 `json:"evaluate_seconds"`
			HarnessTime   float64 `json:"harness_seconds"`
		}{"2026-01-02T03:04:05Z", 0.25, 1e-9, 0, 1e30},
	)
}

func TestScan(t *testing.T) {
	for _, v := range scanned() {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		able := false
		switch v.(type) {
		case Point:
			able = scan(t, b, new(Point), new(Point), func(p *Point) bool { return scanPoint(b, p, new([]parts)) })
		case End:
			able = scan(t, b, new(End), new(End), func(e *End) bool { return scanEnd(b, e) })
		default:
			able = scan(t, b, new(Host), new(Host), func(h *Host) bool { return scanTimes(b[1:], h) })
		}
		if !able {
			t.Errorf("%s is not read the quick way", b)
		}
	}
	for _, text := range []string{
		`{"status":"failed","steps":1,"seen":1,"gradients":1,"min_batch":1,"max_batch":1}`,
		`{"status":"ok","steps":01,"seen":1,"gradients":1,"min_batch":1,"max_batch":1}`,
		`{"status":"ok","steps":1,"seen":-1,"gradients":1,"min_batch":1,"max_batch":1}`,
		`{"status":"ok","steps":1,"seen":1,"gradients":1,"min_batch":1,"max_batch":1,"new":1}`,
	} {
		if scanEnd([]byte(text), new(End)) {
			t.Errorf("%s is read the quick way", text)
		}
	}
	for _, text := range []string{
		`"started":"a\"b","problem_seconds":1,"optimizer_seconds":1,"evaluate_seconds":1,"harness_seconds":1}`,
		`"started":"","problem_seconds":inf,"optimizer_seconds":1,"evaluate_seconds":1,"harness_seconds":1}`,
		`"started":"","problem_seconds":1,"optimizer_seconds":1,"evaluate_seconds":1,"harness_seconds":0x1p3}`,
	} {
		if scanTimes([]byte(text), new(Host)) {
			t.Errorf("%s is read the quick way", text)
		}
	}
}

// outcome is all of a record but its last line.
func outcome(data []byte) []byte {
	outcome, _ := SplitOutcome(data)
	return outcome
}

// A trace is parsed as encoding/json does, or left to it.
func TestScanTrace(t *testing.T) {
	nan := protocol.Number(math.NaN())
	for _, trace := range []Trace{
		{Stride: 3, Seen: []int64{5, 1e17}, Loss: []protocol.Number{nan, -1e-300}, BatchSize: []int{1, 2}},
		{Stride: 1, Seen: []int64{}, Loss: []protocol.Number{}, BatchSize: []int{}, Reports: map[string][]protocol.Number{}},
		{
			Stride: 1, Seen: []int64{5}, Loss: []protocol.Number{0.1}, BatchSize: []int{1},
			Reports:     map[string][]protocol.Number{"a": {1}, "b": {}},
			Diagnostics: map[string][]protocol.Number{"gradient_norm": {protocol.Number(math.Inf(-1))}},
		},
		*example(1).Trace,
	} {
		text, err := json.Marshal(trace)
		if err != nil {
			t.Fatal(err)
		}
		nothing := strings.Contains(string(text), "null")
		for _, text := range []string{
			string(text), strings.Replace(string(text), "{", "{ ", 1), strings.Replace(string(text), `"a"`, `"\u0061"`, 1),
			strings.TrimSuffix(string(text), "}") + `,"more":1}`, string(text) + "}", string(text[:len(text)-3]),
		} {
			var want, got Trace
			err := json.Unmarshal([]byte(text), &want)
			scanned := scanTrace([]byte(text), &got)
			if scanned && (err != nil || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want)) {
				t.Errorf("%s is %+v, want %+v, %v", text, got, want, err)
			}
		}
		if scanTrace(text, new(Trace)) == nothing {
			t.Errorf("%s is scanned: %t", text, !nothing)
		}
	}
}
