package protocoltest

import (
	"regexp"
	"slices"

	"noisebench/protocol"
)

var (
	hyphenated  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	underscored = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// checkTexts checks the texts of a definition that listings show.
func checkTexts(f *findings, name, version, doc, source string) {
	if !hyphenated.MatchString(name) {
		f.addf("name is %q, want lower-case words joined by hyphens", name)
	}
	for _, t := range []struct{ what, text, say string }{
		{"version", version, "which version this is, and raise it when any number changes"},
		{"doc", doc, "in one line what this is"},
		{"source", source, "where it is published, and in which variant this is"},
	} {
		if t.text == "" {
			f.addf("%s is empty; say %s", t.what, t.say)
		}
	}
}

// checkDeclared checks the declarations of hyperparameters, or of a problem's parameters.
func checkDeclared(f *findings, declared []protocol.Hyperparameter) {
	seen := map[string]bool{}
	for _, h := range declared {
		switch {
		case !underscored.MatchString(h.Name):
			f.addf("a hyperparameter is named %q, want lower-case words joined by underscores",
				h.Name)
		case seen[h.Name]:
			f.addf("two hyperparameters are named %s", h.Name)
		case h.Doc == "":
			f.addf("%s has no doc; say in one line what it means", h.Name)
		}
		seen[h.Name] = true
		if err := h.Check(h.Default); err != nil {
			f.addf("the default of %w", err)
		}
		for _, v := range h.Grid {
			if err := h.Check(v); err != nil {
				f.addf("a value on the grid of %w", err)
			}
		}
		searched := h.Tuned && h.Name != protocol.StepSize
		switch {
		case searched && !slices.Contains(h.Grid, h.Default):
			f.addf("%s is tuned over %v, want its default %g among the values", h.Name, h.Grid,
				h.Default)
		case !searched && len(h.Grid) > 0:
			f.addf("%s has a grid that nothing uses: it is not tuned, or is the step size, which "+
				"is searched", h.Name)
		}
	}
}
