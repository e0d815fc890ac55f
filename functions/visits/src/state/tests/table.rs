//! The table of the states in ARCHITECTURE.md is what the code does.

use super::*;

/// What an actor may try, as the table calls it, and how long from [`NOW`] on.
fn tries(matching: &Matching, actor: Actor) -> Vec<(&'static str, Action, SignedDuration)> {
    let now = SignedDuration::ZERO;
    let due = matching.due().map_or(now, |due| due.duration_since(NOW));
    let over = ends(terms(48)).duration_since(NOW);
    let there = |speaker| {
        Action::End(Presence {
            speaker,
            listener: true,
        })
    };
    let mut tries = match actor {
        Actor::Party(_) => vec![
            ("`accept`", ACCEPT, now),
            ("`propose`", another(72), now),
            ("`decline`", Action::Decline, now),
            ("book", Action::Schedule(terms(48)), now),
            ("pay", Action::Pay, now),
            ("`cancel`", Action::Cancel, now),
        ],
        Clock => vec![
            ("due", Action::Lapse, due),
            ("reminder", Action::Remind, due),
            ("over, the speaker was there", there(true), over),
            ("over, the speaker was not", there(false), over),
        ],
        Payments => vec![match matching.payment {
            None => ("settled", settled(2), now),
            Some(_) => ("another settled", settled(2), now),
        }],
        House => vec![
            ("suspended", Action::Suspend, now),
            ("not verified any more", Action::Unverify, now),
        ],
    };
    if let (Actor::Party(Listener), State::Paid) = (actor, matching.state) {
        tries.push(("`cancel` within 24 h", Action::Cancel, hours(47)));
    }
    tries
}

fn name(state: State) -> String {
    serde_json::to_string(&state).unwrap().replace('"', "`")
}

fn cell(state: State, actor: Actor) -> String {
    // Of what the other proposed.
    let proposed_by = match actor {
        Actor::Party(party) => party.other(),
        _ => Listener,
    };
    let matching = at(state, proposed_by);
    let mut entries = Vec::new();
    for (what, action, later) in tries(&matching, actor) {
        let Ok(step) = step(&matching, actor, action, NOW + later) else {
            continue;
        };
        if step == Step::to(matching) {
            continue;
        }
        let mut entry = what.to_owned();
        if step.matching.state != state {
            entry += &format!(" → {}", name(step.matching.state));
        }
        entry += match step.refund {
            0 => "",
            PRICE => ", all back",
            _ => ", half back",
        };
        entries.push(entry);
    }
    entries.join("; ")
}

/// As it stands in the document.
fn table() -> String {
    let actors = [
        ("speaker", Actor::Party(Speaker)),
        ("listener", Actor::Party(Listener)),
        ("clock", Clock),
        ("payments", Payments),
        ("house", House),
    ];
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = std::iter::once("state").chain(actors.iter().map(|(name, _)| *name));
    let mut text = row(heads.map(str::to_owned).collect());
    text += "|---|---|---|---|---|---|\n";
    for state in State::ALL {
        let cells = actors.iter().map(|(_, actor)| cell(state, *actor));
        text += &row(std::iter::once(name(state)).chain(cells).collect());
    }
    text
}

#[test]
fn the_table_in_the_documents_is_what_the_code_does() {
    let document = include_str!("../../../../../ARCHITECTURE.md");
    let table = table();
    assert!(
        document.contains(&table),
        "ARCHITECTURE.md, *A visit*, has another table than this:\n\n{table}"
    );
}
