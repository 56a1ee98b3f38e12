package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"noisebench/results"
)

// few are the reader's limits here, which are low since inputs are small.
var few = limits{
	record: 1 << 20, head: 1 << 20, values: 40_000, total: 1 << 21, files: 100, window: 1 << 20, kept: 1 << 22, flight: 1 << 20,
}

// fuzzed packs a fuzzer's input at the least cost.
var fuzzed = func() *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<15))
	if err != nil {
		panic(err)
	}
	return z
}()

// FuzzFile reads arbitrary archives: every name, type and size that they claim must be checked.
func FuzzFile(f *testing.F) {
	plain := func(members ...member) {
		z, err := zstd.NewReader(nil)
		if err != nil {
			f.Fatal(err)
		}
		defer z.Close()
		text, err := z.DecodeAll(archive(f, members...), nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	list := fmt.Sprintf("%x  about.json\n%x  plan.json\n%x  definitions.json\n", sha256.Sum256([]byte(`{"format":1}`)), sha256.Sum256(nil), 3)
	plain(member{name: "SHA256SUMS", contents: list}, member{name: "about.json", contents: `{"format":1}`},
		member{name: "plan.json", contents: "{}"}, member{name: "definitions.json", contents: "{}"})
	plain(member{name: "SHA256SUMS", contents: "x"})
	plain(member{name: "../evil", contents: "x"})
	plain(member{name: "SHA256SUMS", contents: "", kind: tar.TypeSymlink})
	f.Fuzz(func(t *testing.T, plain []byte) {
		if b, err := read(bytes.NewReader(fuzzed.EncodeAll(plain, nil)), few, Options{Traces: true}); err == nil && b.Root == "" {
			t.Fatal("a bundle without a root is read")
		}
	})
}

// FuzzContents reads bundles with valid archives and sums and arbitrary contents of files.
func FuzzContents(f *testing.F) {
	paths := store(f, 2)
	file, _ := create(f, paths)
	head := map[string][]byte{}
	var records [][]byte
	opened, err := os.Open(file)
	if err != nil {
		f.Fatal(err)
	}
	defer opened.Close()
	if err := walk(opened, standard, func(name string, contents []byte) error {
		if isRecord(name) {
			records = append(records, contents)
		}
		head[name] = contents
		return nil
	}); err != nil {
		f.Fatal(err)
	}
	for _, record := range records {
		f.Add(head[aboutName], head[planName], head[definitionsName], record)
	}
	f.Add([]byte("{}"), []byte("null"), []byte("[]"), []byte(""))
	f.Fuzz(func(t *testing.T, about, plan, definitions, record []byte) {
		value, _, _ := bytes.Cut(record, []byte("\n"))
		value = bytes.TrimSuffix(bytes.TrimPrefix(value, []byte(`{"run":`)), []byte("}"))
		id := fmt.Sprintf("%x", sha256.Sum256(value))
		name := "runs/" + id[:2] + "/" + id + ".jsonl"
		if bytes.Contains(record, []byte(`"failed"`)) {
			name = "failed/" + id + ".jsonl"
		}
		record = resealed(record)
		members := []member{
			{name: aboutName, contents: string(about)},
			{name: planName, contents: string(plan)},
			{name: definitionsName, contents: string(definitions)},
			{name: name, contents: string(record)},
		}
		var sums strings.Builder
		for _, m := range members {
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(m.contents)), m.name)
		}
		members = slices.Insert(members, 0, member{name: sumsName, contents: sums.String()})
		var plain bytes.Buffer
		w := tar.NewWriter(&plain)
		for _, m := range members {
			if err := w.WriteHeader(&tar.Header{Name: m.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(m.contents))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(m.contents)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := read(bytes.NewReader(fuzzed.EncodeAll(plain.Bytes(), nil)), few, Options{})
		if err != nil {
			return
		}
		if len(b.Records)+len(b.Faults) != 1 {
			t.Fatalf("one record makes %d records and the faults %v", len(b.Records), b.Faults)
		}
		full := b.Plan.WithDefaults()
		if full.Check() == nil {
			_, _ = Resolve(&full, []*Definitions{&b.Definitions}, func() (Lookup, error) { return nil, errAbsent })
		}
		var all []*results.Record
		for _, r := range b.Records {
			all = append(all, r)
		}
		Derive(&full, all)
		if _, err := json.Marshal(b.About); err != nil {
			t.Fatal(err)
		}
	})
}

// resealed returns a record with the fitting digest.
func resealed(record []byte) []byte {
	body := bytes.TrimSuffix(record, []byte("\n"))
	last := 1 + bytes.LastIndexByte(body, '\n')
	if at := bytes.LastIndex(body[last:], []byte(`,"digest":"`)); at >= 0 {
		return fmt.Appendf(slices.Clone(body[:last+at]), ",\"digest\":\"%x\"}\n", sha256.Sum256(record[:last]))
	}
	return record
}
