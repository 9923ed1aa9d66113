package npz

import (
	"slices"
	"strconv"
	"strings"
)

// The text of a .npy header is a Python dictionary. This is the part of Python's
// grammar that NumPy writes, and nothing else of it:
//
//	header = "{" pair { "," pair } [ "," ] "}"         each key once, in any order
//	pair   = "'descr'"         ":" ( string | list | tuple )
//	       | "'fortran_order'" ":" ( "True" | "False" )
//	       | "'shape'"         ":" ( "(" ")" | "(" int "," ")" | "(" int { "," int } [ "," ] ")" )
//	int    = digits [ "L" ]                              the L is Python 2's
//	list   = "[" [ value { "," value } [ "," ] ] "]"     tuple the same in "(" ")"
//	value  = string | int | list | tuple | "True" | "False" | "None"
//	string = "'" characters "'" | '"' characters '"'     a backslash takes one more
//
// with white space between any two of these.

const (
	maxDims    = 64 // NumPy 2 allows as many, NumPy 1 allows 32
	maxNesting = 32 // records within records
)

// literal reads such a text from pos on. After the first error nothing moves, so
// that only the end has to look at err.
type literal struct {
	text string
	pos  int
	err  error
}

// parseLiteral returns what the text of a header says.
func parseLiteral(text string) (header, error) {
	p := &literal{text: text}
	h := p.header()
	return h, p.err
}

func (p *literal) header() (h header) {
	var seen []string
	p.expect('{')
	for p.err == nil && !p.accept('}') {
		key := p.str()
		if slices.Contains(seen, key) {
			p.fail("no second " + key)
		}
		seen = append(seen, key)
		p.expect(':')
		switch key {
		case "descr":
			h.descr = p.descr()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.shape()
		default:
			p.fail("one of the keys descr, fortran_order and shape before it")
		}
		if !p.accept(',') {
			p.expect('}')
			break
		}
	}
	if len(seen) != 3 {
		p.fail("all of descr, fortran_order and shape")
	}
	if p.space(); p.pos != len(p.text) {
		p.fail("nothing more")
	}
	return h
}

// descr returns what a descr says: a string's characters, or the text of a list.
func (p *literal) descr() string {
	switch c := p.peek(); c {
	case '\'', '"':
		return p.str()
	case '[', '(':
		start := p.pos
		p.value(0)
		return p.text[start:p.pos]
	}
	p.fail("a string or a list")
	return ""
}

func (p *literal) boolean() bool {
	switch p.word() {
	case "True":
		return true
	case "False":
		return false
	}
	p.fail("True or False")
	return false
}

func (p *literal) shape() []int {
	shape, comma := []int{}, true
	p.expect('(')
	for p.err == nil && !p.accept(')') {
		if !comma || len(shape) == maxDims {
			p.fail("the end of the shape")
		}
		shape = append(shape, p.integer())
		comma = p.accept(',')
	}
	if len(shape) == 1 && !comma {
		p.fail("a comma: one number in brackets is no tuple")
	}
	return shape
}

// integer reads an extent, which is never negative.
func (p *literal) integer() int {
	p.space()
	digits := p.text[p.pos:]
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		p.fail("an integer from 0 to 2^63-1")
		return 0
	}
	p.pos += len(digits)
	if p.peekHere() == 'L' {
		p.pos++
	}
	return n
}

// str returns the characters of a string, escapes as they are.
func (p *literal) str() string {
	quote := p.peek()
	if quote != '\'' && quote != '"' {
		p.fail("a string")
		return ""
	}
	for i := p.pos + 1; i < len(p.text) && p.err == nil; i++ {
		switch c := p.text[i]; {
		case c == quote:
			s := p.text[p.pos+1 : i]
			p.pos = i + 1
			return s
		case c == '\\':
			i++
		case c < ' ':
			p.fail("a string without control characters")
		}
	}
	p.fail("a string that ends")
	return ""
}

// value passes over any value. depth is how many lists it is in.
func (p *literal) value(depth int) {
	switch c := p.peek(); {
	case c == '\'' || c == '"':
		p.str()
	case c >= '0' && c <= '9':
		p.integer()
	case c == '[' || c == '(':
		p.list(depth + 1)
	default:
		if w := p.word(); w != "True" && w != "False" && w != "None" {
			p.fail("a value")
		}
	}
}

func (p *literal) list(depth int) {
	if depth > maxNesting {
		p.fail("lists less deep in each other")
		return
	}
	end := byte(']')
	if p.accept('(') {
		end = ')'
	} else {
		p.expect('[')
	}
	for p.err == nil && !p.accept(end) {
		p.value(depth)
		if !p.accept(',') {
			p.expect(end)
			break
		}
	}
}

// word takes the letters that follow.
func (p *literal) word() string {
	p.space()
	start := p.pos
	for c := p.peekHere(); c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'; c = p.peekHere() {
		p.pos++
	}
	return p.text[start:p.pos]
}

// accept takes the character c if it is next.
func (p *literal) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

func (p *literal) expect(c byte) {
	if !p.accept(c) {
		p.fail(strconv.QuoteRune(rune(c)))
	}
}

// peek returns the next character that is no white space, 0 at the end or after
// an error.
func (p *literal) peek() byte {
	p.space()
	return p.peekHere()
}

func (p *literal) peekHere() byte {
	if p.err != nil || p.pos >= len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

func (p *literal) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n\f", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

func (p *literal) fail(want string) {
	if p.err == nil {
		p.err = formatf(".npy header at character %d: want %s", p.pos, want)
	}
}
