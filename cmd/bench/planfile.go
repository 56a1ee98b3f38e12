package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"noisebench/protocol"
)

//go:embed plans/*.yaml
var planFiles embed.FS

// planNames lists the built-in plans.
func planNames() []string {
	files, err := fs.Glob(planFiles, "plans/*.yaml")
	if err != nil {
		panic("bench: " + err.Error())
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".yaml")
	}
	return files
}

// readPlan returns the text of a built-in plan or of a plan file, and what to call it in errors.
func readPlan(name string) (text []byte, file string, err error) {
	if text, err := planFiles.ReadFile("plans/" + name + ".yaml"); err == nil {
		return text, name, nil
	}
	text, err = os.ReadFile(name)
	isFile := strings.ContainsRune(name, filepath.Separator) || isPlanFile(name)
	if errors.Is(err, fs.ErrNotExist) && !isFile {
		err := protocol.Unknown("plan", name, planNames())
		return nil, "", fmt.Errorf("%w (a file of your own is named with its ending, .yaml)", err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("cannot read plan: %w", err)
	}
	return text, name, nil
}

// isPlanFile reports whether a name ends as those of plan files do.
func isPlanFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// loadPlan reads a built-in plan or a plan file, and the one that it extends. Errors begin with FILE:LINE:COLUMN. The plugins of
// a file, and the file that it extends, are named relative to it.
func loadPlan(name string) (protocol.Plan, error) { return loadExtending(name, nil) }

// loadExtending is loadPlan for a plan that others extend, each the one before it.
func loadExtending(name string, by []string) (protocol.Plan, error) {
	text, file, err := readPlan(name)
	if err != nil {
		return protocol.Plan{}, err
	}
	plan, err := parsePlan(file, text)
	if err != nil {
		return plan, err
	}
	beside := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(file), path)
	}
	if plan.Extends != "" {
		base := plan.Extends
		if !slices.Contains(planNames(), base) {
			base = beside(base)
		}
		if by = append(by, name); slices.Contains(by, base) {
			return plan, fmt.Errorf("%s: plan %s extends itself, by way of %s", by[0], base, strings.Join(by, ", "))
		}
		of, err := loadExtending(base, by)
		if err != nil {
			return plan, fmt.Errorf("%s extends %s: %w", file, plan.Extends, err)
		}
		if plan, err = extend(of, file, text); err != nil {
			return plan, err
		}
	}
	for i, path := range plan.Plugins {
		plan.Plugins[i] = beside(path)
	}
	return plan, nil
}

// extend returns the plan of a text that parsePlan has accepted, with what it does not say from another plan.
func extend(base protocol.Plan, file string, text []byte) (protocol.Plan, error) {
	plan := base
	plan.Name, plan.Description, plan.Optimizers, plan.Plugins = "", "", nil, nil
	if err := yaml.UnmarshalWithOptions(text, &plan, yaml.Strict()); err != nil {
		return plan, located(file, err)
	}
	plan.Extends = ""
	plan.Optimizers = slices.Concat(base.Optimizers, plan.Optimizers)
	plan.Plugins = slices.Concat(base.Plugins, plan.Plugins)
	return plan, nil
}

// parsePlan reads a plan. It is stricter than the YAML decoder, which takes 2.5 for an int, "3" for a number, an empty
// value for 0, and ignores further documents.
func parsePlan(name string, text []byte) (protocol.Plan, error) {
	var plan protocol.Plan
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return plan, located(name, err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return plan, fmt.Errorf("%s is empty, want a plan; \"bench show quick\" prints one to start from", name)
	}
	if len(file.Docs) > 1 {
		return plan, at(name, file.Docs[1].Start, "a second document starts here, want one plan in a file")
	}
	if err := checkNode(name, "the plan", file.Docs[0].Body, reflect.TypeFor[protocol.Plan]()); err != nil {
		return plan, err
	}
	if err := yaml.UnmarshalWithOptions(text, &plan, yaml.Strict()); err != nil {
		return plan, located(name, err)
	}
	return plan, nil
}

// located writes an error of the YAML package on one line.
func located(file string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		return at(file, y.GetToken(), "%s", y.GetMessage())
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s: %s", file, message)
}

// at is an error about the text at a token.
func at(file string, tk *token.Token, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", file, tk.Position.Line, tk.Position.Column, fmt.Sprintf(format, args...))
}

// zeroes says, for whole numbers that mean their default when 0, what a writer of 0 may have meant.
var zeroes = map[string]string{
	"tie_seeds": "write -1 for no tie step, or leave the line out for the default",
	"trace":     "write -1 for no trace, or leave the line out for the default",
}

// zeroNumbers says, for numbers with decimals that mean nothing when 0, what a writer of 0 may have meant.
var zeroNumbers = map[string]string{
	"epochs": "leave the line out for the problem's own budget",
	"clip":   "leave the line out for no clipping",
}

// refused says why an entry has not a key that others have.
var refused = map[reflect.Type]map[string]string{
	reflect.TypeFor[protocol.OptimizerEntry](): {
		"budget": "all optimizers see as many examples: give the budget to an entry of problems",
		"epochs": "all optimizers see as many examples: give the epochs to an entry of problems",
	},
}

// zeroAllowed names the whole numbers that may be 0.
var zeroAllowed = map[string]bool{"first_seed": true}

// checkNode returns an error unless the value of key fits a type: a part of protocol.Plan.
func checkNode(file, key string, node ast.Node, t reflect.Type) error {
	tk := node.GetToken()
	wrong := func(want string) error { return at(file, tk, "%s is %s, want %s", key, describe(node), want) }
	switch n := node.(type) {
	case *ast.AnchorNode:
		return checkNode(file, key, n.Value, t)
	case *ast.AliasNode:
		return nil // the decoder follows it
	case *ast.NullNode:
		return at(file, tk, "%s has no value; give it one or remove the line", key)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkNode(file, key, node, t.Elem())
	case reflect.String:
		if !isText(node) {
			return wrong("text (in quotes, if need be)")
		}
	case reflect.Bool:
		if _, ok := node.(*ast.BoolNode); !ok {
			return wrong("true or false")
		}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		v, ok := number(node)
		switch {
		case !ok || math.Abs(v) > 1<<53 || v != math.Trunc(v):
			return wrong("a whole number")
		case t.Kind() == reflect.Uint64 && v < 0:
			return wrong("a whole number of at least 0")
		case v == 0 && !zeroAllowed[key]:
			advice, ok := zeroes[key]
			if !ok {
				advice = "leave the line out for the default"
			}
			return at(file, tk, "%s is 0; %s", key, advice)
		}
	case reflect.Float64:
		v, ok := number(node)
		if !ok {
			return wrong("a number")
		}
		if advice, meant := zeroNumbers[key]; meant && v == 0 {
			return at(file, tk, "%s is 0; %s", key, advice)
		}
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			return wrong("a list such as [a, b]")
		}
		for _, v := range list.Values {
			if err := checkNode(file, "an entry of "+key, v, t.Elem()); err != nil {
				return err
			}
		}
	case reflect.Map, reflect.Struct:
		if _, ok := node.(*ast.SequenceNode); ok && t == reflect.TypeFor[protocol.Schedule]() {
			return checkNode(file, key, node, reflect.TypeFor[[]protocol.Drop]())
		}
		if reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.InterfaceUnmarshaler]()) && t != reflect.TypeFor[protocol.Schedule]() && isText(node) {
			return nil // an entry that is a bare name
		}
		pairs, ok := pairsOf(node)
		switch {
		case !ok && t == reflect.TypeFor[protocol.Schedule]():
			return wrong("keys with values, such as {warmup: 0.05, decay: cosine}, or a list of drops")
		case !ok:
			return wrong("keys with values, such as \"name: value\"")
		}
		for _, pair := range pairs {
			if pair.Key.IsMergeKey() {
				continue
			}
			name := pair.Key.GetToken().Value
			element, err := elementType(file, key, pair, t)
			if err != nil {
				return err
			}
			if err := checkNode(file, name, pair.Value, element); err != nil {
				return err
			}
		}
	}
	return nil
}

// elementType is the type of a pair's value within a map or struct.
func elementType(file, key string, pair *ast.MappingValueNode, t reflect.Type) (reflect.Type, error) {
	if t.Kind() == reflect.Map {
		return t.Elem(), nil
	}
	name := pair.Key.GetToken().Value
	var known []string
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if tag == name {
			return field.Type, nil
		}
		known = append(known, tag)
	}
	if reason, ok := refused[t][name]; ok {
		return nil, at(file, pair.Key.GetToken(), "an optimizer has no %s of its own: %s", name, reason)
	}
	return nil, at(file, pair.Key.GetToken(), "%v in %s", protocol.Unknown("key", name, known), key)
}

func pairsOf(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func isText(node ast.Node) bool {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return true
	}
	return false
}

// number returns the value of a number that is not in quotes.
func number(node ast.Node) (float64, bool) {
	switch n := node.(type) {
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			return float64(v), true
		case uint64:
			return float64(v), true
		}
	case *ast.FloatNode:
		return n.Value, true
	case *ast.InfinityNode:
		return n.Value, true
	case *ast.NanNode:
		return math.NaN(), true
	case *ast.StringNode: // the parser's name for 1e-3, which the decoder reads as a number
		v, err := strconv.ParseFloat(n.Value, 64)
		return v, err == nil && n.GetToken().Type == token.StringType
	}
	return 0, false
}

// describe says what a node is, such as 3, the text "three" or a list.
func describe(node ast.Node) string {
	switch n := node.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	case *ast.StringNode:
		if _, ok := number(n); ok {
			return n.Value
		}
		return "the text " + strconv.Quote(n.Value)
	case *ast.LiteralNode:
		return "a text of several lines"
	}
	return node.GetToken().Value
}
