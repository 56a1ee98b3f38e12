//go:build unix

package catalogue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"noisebench/plugins"
	"noisebench/protocol"
)

// A plugin is launched for its listing only if that may have changed since the last time.
func TestListingsAreRemembered(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // of systems that have their caches elsewhere
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	when := time.Now().Add(-time.Hour)
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path(name), when, when); err != nil { // a change that leaves no trace in size and time
			t.Fatal(err)
		}
	}
	doc, specErr := "one", error(nil)
	asked := false
	list := func(name string) (*Listing, error) {
		asked = false
		l := NewLister(t.Context(), ListerOptions{})
		return l.remembered(filepath.Base(name), path(name), func() (*plugins.Plugin, error) {
			asked = true
			return &plugins.Plugin{Name: name, Problems: []protocol.ProblemDef{{
				Name: "p", Doc: doc,
				Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
					return protocol.ProblemSpec{Dim: 7, Train: 8}, specErr
				},
			}}}, nil
		})
	}
	age := func(kind string, by time.Duration) {
		files, err := filepath.Glob(filepath.Join(newCache(kind, 1).folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no cache of %s: %v", kind, err)
		}
		for _, f := range files {
			if err := os.Chtimes(f, time.Time{}, time.Now().Add(-by)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, step := range []struct {
		what   string
		change func()
		name   string
		ask    bool
	}{
		{"a binary", func() { write("binary", "\x7fELF 1") }, "binary", true},
		{"nothing new", func() {}, "binary", false},
		{"a day later", func() { age("listings", 24*time.Hour) }, "binary", false},
		{"other bytes", func() { write("binary", "\x7fELF 2"); doc = "two" }, "binary", true},
		{"the former bytes", func() { write("binary", "\x7fELF 1"); doc = "one" }, "binary", false},
		{"the same bytes elsewhere", func() { write("elsewhere/binary", "\x7fELF 1") }, "elsewhere/binary", false},
		{"the same bytes by another name", func() { write("copy", "\x7fELF 1") }, "copy", true},
		{"a script", func() { write("script", "#!/bin/sh\n") }, "script", true},
		{"nothing new", func() {}, "script", false},
		{"a module beside it", func() { write("module.py", "one") }, "script", true},
		{"a longer module", func() { write("module.py", "longer") }, "script", true},
		{"nothing new", func() {}, "script", false},
		{"another interpreter", func() { t.Setenv("VIRTUAL_ENV", "elsewhere") }, "script", true},
		{"half an hour later", func() { age("listings", 30*time.Minute) }, "script", false},
		{"two hours later", func() { age("listings", 2*time.Hour) }, "script", true},
		{"a damaged cache", func() {
			files, _ := filepath.Glob(filepath.Join(newCache("listings", 1).folder, "*.json"))
			for _, f := range files {
				if err := os.WriteFile(f, []byte("{"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}, "binary", true},
		{"a problem without a specification", func() {
			write("broken", "\x7fELF 3")
			specErr = errors.New("no data")
		}, "broken", true},
		{"still none", func() {}, "broken", true},
	} {
		step.change()
		got, err := list(step.name)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if asked != step.ask {
			t.Errorf("%s: asked is %t, want %t", step.what, asked, step.ask)
		}
		if p := got.Problems[0]; got.Path != path(step.name) || p.Doc != doc || !errors.Is(p.Err, specErr) ||
			specErr == nil && (p.Spec.Dim != 7 || p.Spec.Train != 8) {
			t.Errorf("%s: got %+v, want the plugin's listing", step.what, got)
		}
	}
}

// The cache has a limited size.
func TestCacheForgetsTheOldest(t *testing.T) {
	c := cache{t.TempDir(), 2}
	for i, name := range []string{"a", "b", "c"} {
		if !c.write(name, i) {
			t.Fatalf("%s was not written", name)
		}
		then := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(filepath.Join(c.folder, name+".json"), then, then); err != nil {
			t.Fatal(err)
		}
	}
	var got int
	if c.read("a", 0, &got) {
		t.Error("the oldest is still there")
	}
	if !c.read("b", 0, &got) || got != 1 || !c.read("c", 0, &got) || got != 2 {
		t.Errorf("the latest are not there, or not what was written: %d", got)
	}
	if (cache{}).write("a", 1) || (cache{}).read("a", 0, &got) {
		t.Error("a cache without a folder keeps something")
	}
}
