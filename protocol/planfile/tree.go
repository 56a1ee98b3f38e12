package planfile

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// kind is the kind of a value in YAML 1.2's core schema.
type kind int

const (
	null kind = iota
	text
	number
	boolean
	list
	mapping
)

// value is a node of a plan file, with aliases and merge keys resolved.
type value struct {
	kind  kind
	at    *token.Token
	text  string // of a scalar, as written, without quotes
	lines bool   // it is a text block
	list  []*value
	pairs []pair
}

// pair is a key with its value. A key occurs once.
type pair struct {
	key   string
	at    *token.Token
	value *value
}

// at returns an error about the text at a token.
func at(file string, tk *token.Token, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", file, tk.Position.Line, tk.Position.Column,
		fmt.Sprintf(format, args...))
}

// deepest is the greatest depth of nested lists and mappings; a plan needs seven.
const deepest = 50

// parse returns the contents of the single document of a file.
func parse(file string, b []byte) (*value, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if err := checkText(file, b); err != nil {
		return nil, err
	}
	parsed, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, located(file, err)
	}
	if len(parsed.Docs) == 0 || parsed.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s is empty, want a plan; \"bench show quick\" prints one to "+
			"start from", file)
	}
	if len(parsed.Docs) > 1 {
		start := parsed.Docs[1].Start
		if start == nil {
			return nil, fmt.Errorf("%s has a second document, want one plan in a file", file)
		}
		return nil, at(file, start, "a second document starts here, want one plan in a file")
	}
	r := resolver{file: file, anchors: map[string]*value{}}
	return r.resolve(parsed.Docs[0].Body, 0)
}

// checkText rejects, before parsing, data that are no text, and texts nested too deeply for a plan.
func checkText(file string, b []byte) error {
	switch {
	case len(b) > most:
		return fmt.Errorf("%s has more than %d bytes, want a plan", file, most)
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return fmt.Errorf("%s is UTF-16, want UTF-8; an editor can save it so", file)
	}
	line, depth := 1, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return fmt.Errorf("%s:%d: byte %#x is not UTF-8, want a text in UTF-8", file, line,
				b[i])
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return fmt.Errorf("%s:%d: control character %U, want a text in UTF-8", file, line, r)
		case r == '\n':
			line++
		case r == '[', r == '{':
			depth++
		case r == ']', r == '}':
			depth = max(0, depth-1)
		}
		// this also counts brackets within texts; the resolver applies the actual limit
		if depth > 1000 {
			return fmt.Errorf("%s:%d: more than 1000 brackets are open, want a plan", file, line)
		}
		i += n
	}
	return nil
}

// located returns an error of the YAML package in one line.
func located(file string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		return at(file, y.GetToken(), "%s", short(y.GetMessage()))
	}
	return fmt.Errorf("%s: %s", file, short(err.Error()))
}

// short returns the first line of a text, truncated to fit in an error.
func short(s string) string {
	const longest = 200
	s, _, _ = strings.Cut(s, "\n")
	if len(s) <= longest {
		return s
	}
	cut := longest
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// resolver converts the parser's nodes to values.
type resolver struct {
	file    string
	anchors map[string]*value
}

func (r *resolver) resolve(node ast.Node, depth int) (*value, error) {
	if depth > deepest {
		return nil, at(r.file, node.GetToken(),
			"lists and keys are nested more than %d deep, want a plan", deepest)
	}
	v := &value{at: node.GetToken()}
	switch n := node.(type) {
	case *ast.AnchorNode:
		if n.Value == nil {
			return nil, at(r.file, v.at, "an anchor has no value")
		}
		v, err := r.resolve(n.Value, depth+1)
		if err == nil {
			r.anchors[n.Name.GetToken().Value] = v
		}
		return v, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		v, ok := r.anchors[name]
		if !ok {
			return nil, at(r.file, n.Value.GetToken(),
				"no anchor &%s stands before its alias *%[1]s", short(name))
		}
		return v, nil
	case *ast.NullNode:
		return v, nil
	case *ast.LiteralNode:
		v.kind, v.text, v.lines = text, n.Value.Value, true
		return v, nil
	case *ast.StringNode:
		v.text, v.kind = n.Value, text
		if v.at.Type == token.SingleQuoteType || v.at.Type == token.DoubleQuoteType {
			return v, nil
		}
		v.kind = kindOf(n.Value)
		return v, r.asWritten(v)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.text = v.at.Value
		v.kind = kindOf(v.text)
		return v, r.asWritten(v)
	case *ast.SequenceNode:
		v.kind = list
		for _, element := range n.Values {
			e, err := r.resolve(element, depth+1)
			if err != nil {
				return nil, err
			}
			v.list = append(v.list, e)
		}
		return v, nil
	case *ast.MappingNode:
		v.kind = mapping
		return v, r.merge(v, n.Values, depth)
	case *ast.MappingValueNode:
		v.kind = mapping
		return v, r.merge(v, []*ast.MappingValueNode{n}, depth)
	case *ast.TagNode:
		return nil, at(r.file, v.at, "%s is a tag, which plans do not have; leave it out",
			short(v.at.Value))
	}
	return nil, at(r.file, v.at, "%s has no meaning in a plan", short(v.at.Value))
}

// asWritten returns an error if the parser changed the text of a scalar without quotes, as it does
// by dropping tabs.
func (r *resolver) asWritten(v *value) error {
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if words(v.at.Origin) == words(v.text) {
		return nil
	}
	return at(r.file, v.at, "%s cannot be read without doubt; put it in quotes",
		strconv.Quote(short(strings.TrimSpace(v.at.Origin))))
}

// merge fills a mapping with its own keys, at any position, and then with merged ones.
func (r *resolver) merge(v *value, nodes []*ast.MappingValueNode, depth int) error {
	var merged []*value
	own := map[string]*token.Token{}
	for _, n := range nodes {
		if n.Key.IsMergeKey() {
			from, err := r.resolve(n.Value, depth+1)
			if err != nil {
				return err
			}
			all := []*value{from}
			if from.kind == list {
				all = from.list
			}
			for _, m := range all {
				if m.kind != mapping {
					return at(r.file, n.Value.GetToken(),
						"<< is %s, want an alias of keys with values, or a list of them", m)
				}
			}
			merged = append(merged, all...)
			continue
		}
		key, err := r.resolve(n.Key, depth+1)
		switch {
		case err != nil:
			return err
		case key.kind == list || key.kind == mapping:
			return at(r.file, n.Key.GetToken(), "a key is %s, want a name", key)
		case own[key.text] != nil:
			p := own[key.text].Position
			return at(r.file, n.Key.GetToken(), "mapping key %q already defined at [%d:%d]",
				key.text, p.Line, p.Column)
		}
		own[key.text] = n.Key.GetToken()
		element, err := r.resolve(n.Value, depth+1)
		if err != nil {
			return err
		}
		v.pairs = append(v.pairs, pair{key.text, n.Key.GetToken(), element})
	}
	for _, m := range merged {
		for _, p := range m.pairs {
			if own[p.key] == nil {
				own[p.key] = p.at
				v.pairs = append(v.pairs, p)
			}
		}
	}
	return nil
}

// String describes a value, such as 3, the text "three" or a list.
func (v *value) String() string {
	switch {
	case v.kind == list:
		return "a list"
	case v.kind == mapping:
		return "keys with values"
	case v.lines:
		return "a text of several lines"
	case v.kind == text:
		return "the text " + strconv.Quote(short(v.text))
	case v.kind == null:
		return "nothing"
	}
	return short(v.text)
}
