package catalogue

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins"
	"noisebench/plugins/internal/supervisor"
	"noisebench/plugins/optimizers"
	"noisebench/protocol"
)

// Under the name "other", the test binary is a plugin that serves adam, and again as mine.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "other" {
		for _, d := range optimizers.All() {
			if d.Name == "adam" {
				mine := d
				mine.Name = "mine"
				plugins.Serve(d, mine)
			}
		}
		return
	}
	os.Exit(m.Run())
}

// other is the path of a plugin that serves adam and mine, another executable than the test's.
func other(t *testing.T) string {
	t.Helper()
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(path, append(binary, 0), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNames(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // for its plugins, and caches on other systems
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("PATH", "")
	path := other(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open := func(options Options) *Catalogue {
		t.Helper()
		c, err := Open(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	alone, both := open(Options{}), open(Options{Paths: []string{path, path}})
	if len(both.Named()) != 1 {
		t.Errorf("a path that is named twice gives %d plugins, want 1", len(both.Named()))
	}
	for _, c := range []struct {
		in         *Catalogue
		name, want string // the executable; or else the error's beginning
		fails      bool
	}{
		{alone, "adam", self, false},
		{alone, self + ":adam", self, false},
		{alone, path + ":mine", path, false},
		{alone, "mine", "unknown optimizer", true},
		{alone, path, "plugin " + path + " serves several optimizers; say which by", true},
		{alone, path + ":none", "plugin " + path + ": unknown optimizer", true},
		{both, "mine", path, false},
		{both, "adam", "optimizer adam is served by " + self + " and by " + path, true},
		{both, path + ":adam", path, false},
		{both, "sgd", self, false},
	} {
		d, err := c.in.Optimizer(c.name)
		if c.fails {
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s…", c.name, err, c.want)
			}
			continue
		}
		if err != nil || d.Origin.Path != c.want {
			t.Errorf("%s is served by %q (%v), want %s", c.name, d.Origin.Path, err, c.want)
		}
	}
	if _, err := both.Problem(path + ":adam"); err == nil ||
		!strings.HasSuffix(err.Error(), "serves no problem") {
		t.Errorf("a problem of a plugin that has none: %v", err)
	}
}

// Plugins in the usual places serve names that no other plugin serves; those that cannot be
// launched are left out.
func TestDiscovered(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("PATH", "")
	path := other(t)
	dir := filepath.Dir(path)
	for name, mode := range map[string]os.FileMode{"broken": 0o755, "notes.txt": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no program"), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("NOISEBENCH_PLUGIN_PATH", dir)
	if want := []string{filepath.Join(dir, "broken"), path}; !slices.Equal(Discoverable(), want) {
		t.Errorf("discoverable are %q, want %q", Discoverable(), want)
	}
	var warnings []string
	c, err := Open(t.Context(), Options{
		Warn:        func(line string) { warnings = append(warnings, line) },
		ProblemName: func(name string) string { return strings.ReplaceAll(name, "_", "-") },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if d, err := c.Optimizer("adam"); err != nil || d.Origin.Plugin != protocol.BuiltIn {
		t.Errorf("adam is of %s (%v), want the built-in one", d.Origin.Plugin, err)
	}
	if len(warnings) > 0 {
		t.Errorf("a built-in name launches plugins: %q", warnings)
	}
	if d, err := c.Optimizer("mine"); err != nil || d.Origin.Path != path {
		t.Errorf("mine is served by %q (%v), want %s", d.Origin.Path, err, path)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "left out: ") {
		t.Errorf("warnings %q, want one of the broken plugin", warnings)
	}
	if d, err := c.Problem("noisy_quadratic"); err != nil || d.Name != "noisy-quadratic" {
		t.Errorf("the other spelling leads to %q (%v)", d.Name, err)
	}
	c.SetBuild("abc")
	if d, err := c.Optimizer("adam"); err != nil || d.Origin.SHA256 != "abc" || d.Fingerprint != nil {
		t.Errorf("adam of another build has origin %+v (%v)", d.Origin, err)
	}
}

// Where the kernel cannot confine plugins, they run nevertheless, and the user is told once.
func TestNoLandlock(t *testing.T) {
	landlock := supervisor.Landlock
	defer func() { supervisor.Landlock = landlock }()
	supervisor.Landlock = func() int { return 0 }
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, noSandbox := range []bool{false, true} {
		var warnings []string
		c, err := Open(t.Context(), Options{
			Paths: []string{other(t), other(t)}, Plugins: plugins.Options{NoSandbox: noSandbox},
			Warn: func(line string) { warnings = append(warnings, line) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		sandbox, want := "off", 0
		if !noSandbox {
			sandbox, want = "none: the kernel has no Landlock", 1
			if runtime.GOOS != "linux" {
				sandbox = "none: " + runtime.GOOS + " has no Landlock"
			}
		}
		if len(c.Named()) != 2 || c.Named()[1].Sandbox() != sandbox {
			t.Errorf("with no-sandbox %v: %d plugins, the sandbox is %q, want %q", noSandbox, len(c.Named()), c.Named()[1].Sandbox(), sandbox)
		}
		if len(warnings) != want || want == 1 && !strings.HasPrefix(warnings[0], "outside plugins are not confined and may do what you may: ") {
			t.Errorf("with no-sandbox %v: warnings are %q, want %d", noSandbox, warnings, want)
		}
	}
}
