package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"noisebench/results/bundle/check"
)

// packed is a file of a bundle.
type packed struct {
	name     string
	contents []byte
}

// forgeries are what someone may do to a bundle, by name. All but those marked so repair every
// checksum afterwards.
var forgeries = map[string]func(ts *testscript.TestScript, files []packed) []packed{
	// A better result in the last point of a replicate, with the record's own digest made anew.
	"tamper": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		points := regexp.MustCompile(`(?m)^\{"point":.*$`).FindAllIndex(f.contents, -1)
		last := points[len(points)-1]
		better := regexp.MustCompile(`"(loss|metric)":[^,}]+`).ReplaceAll(f.contents[last[0]:last[1]], []byte(`"$1":0.125`))
		f.contents = seal(slices.Concat(f.contents[:last[0]], better, f.contents[last[1]:]))
		return files
	},
	// One digit of a record.
	"damage": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		f.contents = bytes.Replace(f.contents, []byte(`"status":"ok"`), []byte(`"status":"Ok"`), 1)
		return files
	},
	"overcharge": func(ts *testscript.TestScript, files []packed) []packed {
		f := &files[findRecord(ts, files, "seed", "0")]
		f.contents = seal(regexp.MustCompile(`("end":.*"seen":)\d+`).ReplaceAll(f.contents, []byte("${1}12345")))
		return files
	},
	"drop-tuning": func(ts *testscript.TestScript, files []packed) []packed {
		i := findRecord(ts, files, "seed", "1000")
		return slices.Delete(files, i, i+1)
	},
	"drop-replicate": func(ts *testscript.TestScript, files []packed) []packed {
		i := findRecord(ts, files, "seed", "0")
		return slices.Delete(files, i, i+1)
	},
	// Fewer replicates, as if the others had never been asked for.
	"edit-plan": func(ts *testscript.TestScript, files []packed) []packed {
		return editPlan(ts, files, `"replicates": \d+`, `"replicates": 2`)
	},
	// A run of another tuning seed.
	"add": func(ts *testscript.TestScript, files []packed) []packed {
		f := files[findRecord(ts, files, "seed", "1000")]
		contents := seal(bytes.Replace(f.contents, []byte(`"seed":1000`), []byte(`"seed":2000`), 1))
		value := contents[len(`{"run":`) : bytes.IndexByte(contents, '\n')-1]
		id := fmt.Sprintf("%x", sha256.Sum256(value))
		return append(files, packed{"runs/" + id[:2] + "/" + id + ".jsonl", contents})
	},
	"duplicate": func(ts *testscript.TestScript, files []packed) []packed {
		return append(files, files[findRecord(ts, files, "seed", "0")])
	},
	// The default of a tuned hyperparameter, in the definitions.
	"redefine": func(ts *testscript.TestScript, files []packed) []packed {
		i := slices.IndexFunc(files, func(f packed) bool { return f.name == "definitions.json" })
		files[i].contents = bytes.Replace(files[i].contents, []byte(`"chooses_batch_size": true`), []byte(`"averages": true`), 1)
		return files
	},
	"nothing": func(_ *testscript.TestScript, files []packed) []packed { return files },
}

func editPlan(ts *testscript.TestScript, files []packed, pattern, by string) []packed {
	i := slices.IndexFunc(files, func(f packed) bool { return f.name == "plan.json" })
	edited := regexp.MustCompile(pattern).ReplaceAll(files[i].contents, []byte(by))
	if bytes.Equal(edited, files[i].contents) {
		ts.Fatalf("plan.json has no %s", pattern)
	}
	files[i].contents = edited
	return files
}

// findRecord finds the first record of a finished run with a field of its first line.
func findRecord(ts *testscript.TestScript, files []packed, field, value string) int {
	i := slices.IndexFunc(files, func(f packed) bool {
		first, _, _ := bytes.Cut(f.contents, []byte("\n"))
		return strings.HasPrefix(f.name, "runs/") && bytes.Contains(first, []byte(fmt.Sprintf("%q:%s,", field, value)))
	})
	if i < 0 {
		ts.Fatalf("there is no record with %s %s", field, value)
	}
	return i
}

// seal makes the digest at the end of a record fit.
func seal(record []byte) []byte {
	end := 1 + bytes.LastIndexByte(record[:len(record)-1], '\n')
	digest := fmt.Sprintf(`"digest":"%x"`, sha256.Sum256(record[:end]))
	return append(slices.Clone(record[:end]), regexp.MustCompile(`"digest":"[0-9a-f]*"`).ReplaceAll(record[end:], []byte(digest))...)
}

// forge changes a bundle: forge HOW FROM TO; with HOW ending in !, the list of checksums stays as
// it is.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: forge HOW FROM TO")
	}
	raw, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	to := ts.MkAbs(args[2])
	if args[0] == "truncate" {
		ts.Check(os.WriteFile(to, raw[:len(raw)*2/3], 0o644))
		return
	}
	z, err := zstd.NewReader(bytes.NewReader(raw))
	ts.Check(err)
	var files []packed
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		ts.Check(err)
		contents, err := io.ReadAll(r)
		ts.Check(err)
		files = append(files, packed{h.Name, contents})
	}
	how, stale := strings.CutSuffix(args[0], "!")
	if forgeries[how] == nil {
		ts.Fatalf("unknown forgery %s", how)
	}
	list := files[0]
	files = forgeries[how](ts, files[1:])
	if !stale {
		list.contents = nil
		listed := map[string]bool{}
		for _, f := range files {
			if !listed[f.name] {
				list.contents = fmt.Appendf(list.contents, "%x  %s\n", sha256.Sum256(f.contents), f.name)
			}
			listed[f.name] = true
		}
	}
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, f := range append([]packed{list}, files...) {
		ts.Check(w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.contents))}))
		_, err := w.Write(f.contents)
		ts.Check(err)
	}
	ts.Check(w.Close())
	e, err := zstd.NewWriter(nil)
	ts.Check(err)
	ts.Check(os.WriteFile(to, e.EncodeAll(plain.Bytes(), nil), 0o644))
}

// unpack writes the files of a bundle to a folder: unpack FILE DIR
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack FILE DIR")
	}
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	z, err := zstd.NewReader(f)
	ts.Check(err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		ts.Check(err)
		contents, err := io.ReadAll(r)
		ts.Check(err)
		path := filepath.Join(ts.MkAbs(args[1]), h.Name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		ts.Check(os.WriteFile(path, contents, 0o644))
	}
}

// Each group of findings is printed once, though checks of one group need not follow each other.
func TestFindingsAreGrouped(t *testing.T) {
	var b strings.Builder
	err := printReport(&b, &check.Report{File: "f", Findings: []check.Finding{
		{Group: "one", Check: "a"}, {Group: "two", Check: "b"}, {Group: "one", Check: "c"},
	}}, "text")
	got := strings.Join(strings.Fields(b.String()), " ")
	if want := "f one a c two b"; err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}
