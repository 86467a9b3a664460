package ocihook

// nearest returns the word that takes the fewest letters to be inserted, dropped or exchanged to become s.
func nearest(s string, words []string) string {
	best, least := "", 0
	for _, word := range words {
		if d := distance(s, word); best == "" || d < least {
			best, least = word, d
		}
	}
	return best
}

// distance is that of Levenshtein, in bytes. s may be of any length: what is far longer than a word is not compared.
func distance(s, word string) int {
	if len(s) > 2*len(word) {
		return len(s)
	}
	row := make([]int, len(word)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(s) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(word) {
			exchanged := diagonal
			if s[i] != word[j] {
				exchanged++
			}
			diagonal = row[j+1]
			row[j+1] = min(exchanged, row[j]+1, diagonal+1)
		}
	}
	return row[len(word)]
}
