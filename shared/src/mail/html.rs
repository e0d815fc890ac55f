//! A letter's text as HTML, for mail programs that would show it in one narrow typeface. The text says what there
//! is to say: nothing is added to it but its form. Its addresses become links that show where they lead.

use std::fmt::Write as _;

use super::{BELOW, Letter};

/// The whole document.
pub fn document(letter: &Letter) -> String {
    let between = format!("\n{BELOW}");
    let languages: Vec<&str> = letter.text.split(&between).collect();
    let lang = languages.first().map_or("en", |first| language(first));
    let parts: Vec<String> = languages.into_iter().map(part).collect();
    let (title, parts) = (escaped(&letter.subject), parts.join("<hr>\n"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n</head>\n\
         <body style=\"margin:0;padding:1.5rem 1rem\">\n\
         <main style=\"max-width:36rem;margin:0 auto;font:1rem/1.7 sans-serif;overflow-wrap:anywhere\">\n\
         {parts}</main>\n</body>\n</html>\n"
    )
}

/// What is said in one language.
fn part(text: &str) -> String {
    let mut html = format!("<div lang=\"{}\">\n", language(text));
    let paragraphs = text
        .split("\n\n")
        .map(|paragraph| paragraph.trim_matches('\n'));
    for paragraph in paragraphs.filter(|paragraph| !paragraph.is_empty()) {
        let lines: Vec<String> = paragraph.split('\n').map(linked).collect();
        let _ = writeln!(html, "<p>{}</p>", lines.join("<br>\n"));
    }
    html + "</div>\n"
}

/// A line with its addresses as links.
fn linked(line: &str) -> String {
    let (mut html, mut rest) = (String::new(), line);
    while let Some((before, url, after)) = address(rest) {
        let url = escaped(url);
        let _ = write!(html, "{}<a href=\"{url}\">{url}</a>", escaped(before));
        rest = after;
    }
    html + &escaped(rest)
}

/// The first address in a text, with what is before and behind it. A sentence that ends with one has a full stop
/// that is not of it.
fn address(text: &str) -> Option<(&str, &str, &str)> {
    let (at, _) = text.match_indices("http").find(|(at, _)| {
        let rest = text.get(*at..).unwrap_or_default();
        let host = ["https://", "http://"]
            .iter()
            .find_map(|scheme| rest.strip_prefix(scheme));
        host.is_some_and(|host| host.starts_with(|char: char| char.is_ascii_alphanumeric()))
    })?;
    let (before, rest) = text.split_at(at);
    let belongs = |char: char| char.is_ascii_graphic() && !r#""<>\^`{|}"#.contains(char);
    let end = rest.find(|char: char| !belongs(char)).unwrap_or(rest.len());
    let url = rest
        .split_at(end)
        .0
        .trim_end_matches(['.', ',', ':', ';', '!', '?', ')', '\'']);
    Some((before, url, rest.split_at(url.len()).1))
}

/// The language that most of a text is in, as its letters tell: one of Chinese, Japanese or Korean says as much as
/// two others. Addresses say nothing.
fn language(text: &str) -> &'static str {
    let [mut english, mut japanese, mut korean] = [0; 3];
    let words = text
        .split_whitespace()
        .filter(|word| address(word).is_none());
    for char in words.flat_map(str::chars) {
        match char {
            'a'..='z' | 'A'..='Z' => english += 1,
            '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' => japanese += 2,
            '\u{ac00}'..='\u{d7a3}' => korean += 2,
            _ => {}
        }
    }
    match korean.max(japanese).max(english) {
        most if most == english => "en",
        most if most == japanese => "ja",
        _ => "ko",
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is within `<main>`.
    fn body(text: &str) -> String {
        let html = document(&Letter::new("s", text));
        let (_, main) = html.split_once("<main").unwrap_or_default();
        let (_, main) = main.split_once(">\n").unwrap_or_default();
        main.split("</main>").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn addresses_become_links_and_nothing_else_does() {
        let html = body(
            "See https://a.example/r?a=1&b=2.\n部屋:https://a.example/x。\nhttp is no address, https:// neither\n",
        );
        assert_eq!(
            html,
            "<div lang=\"en\">\n<p>See <a href=\"https://a.example/r?a=1&amp;b=2\">\
             https://a.example/r?a=1&amp;b=2</a>.<br>\n部屋:<a href=\"https://a.example/x\">\
             https://a.example/x</a>。<br>\nhttp is no address, https:// neither</p>\n</div>\n"
        );
    }

    #[test]
    fn what_somebody_wrote_stays_text() {
        let letter = Letter::new(
            "<b>&",
            "<script>\"https://x.example/\"onclick=\"</script>\n",
        );
        let html = document(&letter);
        assert!(html.contains("<title>&lt;b&gt;&amp;</title>"), "{html}");
        let text = "&lt;script&gt;&quot;<a href=\"https://x.example/\">https://x.example/</a>\
                    &quot;onclick=&quot;&lt;/script&gt;";
        assert!(html.contains(text), "{html}");
    }

    #[test]
    fn each_language_is_named_and_paragraphs_stay_apart() {
        let japanese = Letter::new("縁", "花 様\n\nこんにちは。\n\nEnishi\n");
        let english = Letter::new("a bond", "Hello 花,\n\nwelcome to Enishi.\n");
        let both = document(&japanese.followed_by(english));
        assert!(both.contains("<html lang=\"ja\">"), "{both}");
        let parts = "<div lang=\"ja\">\n<p>花 様</p>\n<p>こんにちは。</p>\n<p>Enishi</p>\n</div>\n<hr>\n\
                     <div lang=\"en\">\n<p>Hello 花,</p>\n<p>welcome to Enishi.</p>\n</div>\n";
        assert!(both.contains(parts), "{both}");
        assert!(body("서연 님, 안녕하세요.\n").starts_with("<div lang=\"ko\">"));
    }
}
