//! What the endpoints of identity and rooms ask of DynamoDB, by running them: requests and capacity
//! units, beside the budget that the function states.

use enishi_local::{
    aws::Exchange,
    demo::mailed_token,
    import,
    lambda::registered,
    stack::{OPERATOR_EMAIL, OPERATOR_PASSWORD},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    client::Client,
    exchange::{Cost, cost, drain},
    report::{short, table, verdict},
    world::{MORNING, World, at},
};

struct Bench {
    world: World,
    client: Client,
    watch: UnboundedReceiver<Exchange>,
    rows: Vec<Vec<String>>,
    kept: bool,
}

#[derive(Clone)]
struct Person {
    id: String,
    access: String,
    refresh: String,
}

/// One call to be measured.
struct Call<'a> {
    function: &'a str,
    /// Method and path as documented.
    endpoint: &'a str,
    /// What is particular about it; its budget is then the given one.
    variant: Option<(&'a str, usize)>,
    path: &'a str,
    token: Option<&'a str>,
    body: Option<Value>,
    status: u16,
}

impl Default for Call<'_> {
    fn default() -> Self {
        Self {
            function: "",
            endpoint: "",
            variant: None,
            path: "",
            token: None,
            body: None,
            status: 200,
        }
    }
}

/// Calls every endpoint and prints the table; whether all budgets are kept.
pub async fn run() -> Result<bool, String> {
    let evening = at("00:10")?;
    let world = World::start(evening, |options| {
        for rate in [
            "RegisterRate",
            "LoginAddressRate",
            "ForgotAddressRate",
            "ResetAddressRate",
        ] {
            options.parameters.insert(rate.into(), "10000/1h".into());
        }
    })
    .await?;
    let mut bench = Bench {
        client: Client::new(world.stack.url()),
        watch: world.stack.aws().watch(),
        world,
        rows: Vec::new(),
        kept: true,
    };
    bench.identity().await?;
    bench.rooms().await?;
    for (path, function, status) in [
        ("/openapi.json", "PlatformOpenapi", 200),
        ("/docs", "PlatformDocs", 302),
    ] {
        let endpoint = format!("GET {path}");
        bench
            .call(Call {
                function,
                endpoint: &endpoint,
                path,
                status,
                ..Call::default()
            })
            .await?;
    }
    let head = [
        "DynamoDB, a call",
        "requests",
        "budget",
        "read units",
        "write units",
        "",
    ];
    table(&head, &bench.rows);
    println!(
        "\nUnits as the embedded database reckons them, from DynamoDB's rules: 4 KB a read unit, 1 KB a \
         write unit, doubled in\ntransactions, an index's added. What a refused write costs is not \
         told and not in it. The budget is the most\nthat a call of the function takes."
    );
    Ok(bench.kept)
}

impl Bench {
    async fn call(&mut self, call: Call<'_>) -> Result<Value, String> {
        drain(&mut self.watch);
        let method = call.endpoint.split(' ').next().unwrap_or_default();
        let answer = self
            .client
            .send(method, call.path, call.token, call.body)
            .await?;
        if answer.status != call.status {
            return Err(format!(
                "{} answered {}: {}",
                call.endpoint, answer.status, answer.body
            ));
        }
        let asked: Vec<Exchange> = drain(&mut self.watch)
            .into_iter()
            .filter(|exchange| exchange.function == call.function)
            .collect();
        let (name, budget) = match call.variant {
            Some((variant, budget)) => (format!("· {variant}"), budget),
            None => (call.endpoint.to_owned(), self.budget(call.function)?),
        };
        let Cost {
            requests,
            read,
            write,
        } = cost(&asked);
        self.kept &= requests <= budget;
        self.rows.push(vec![
            name,
            requests.to_string(),
            budget.to_string(),
            short(read),
            short(write),
            verdict(requests <= budget),
        ]);
        Ok(answer.body)
    }

    /// What the function with this logical id states.
    fn budget(&self, logical_id: &str) -> Result<usize, String> {
        let unknown = || format!("there is no function {logical_id}");
        let function = self.world.stack.lambda().function(logical_id);
        let name = &function.ok_or_else(unknown)?.name;
        let function = registered().into_iter().find(|f| f.name == name);
        Ok(function.ok_or_else(unknown)?.budget)
    }

    async fn identity(&mut self) -> Result<(), String> {
        let email = "hana@example.com";
        let account = json!({"username": "hana", "email": email, "password": "correct horse"});
        let signed_up = self
            .call(Call {
                function: "IdentitySignup",
                endpoint: "POST /signup",
                path: "/signup",
                body: Some(account),
                status: 201,
                ..Call::default()
            })
            .await?;
        let token = self.mailed(email).await?;
        self.call(Call {
            function: "IdentityVerifyEmail",
            endpoint: "POST /api/auth/email/verify",
            path: "/api/auth/email/verify",
            body: Some(json!({"token": token, "password": "correct horse"})),
            status: 204,
            ..Call::default()
        })
        .await?;
        self.call(Call {
            function: "IdentityForgotPassword",
            endpoint: "POST /api/auth/password/forgot",
            path: "/api/auth/password/forgot",
            body: Some(json!({"email": email})),
            status: 202,
            ..Call::default()
        })
        .await?;
        let token = self.mailed(email).await?;
        self.call(Call {
            function: "IdentityResetPassword",
            endpoint: "POST /api/auth/password/reset",
            path: "/api/auth/password/reset",
            body: Some(json!({"token": token, "password": "battery staple"})),
            status: 204,
            ..Call::default()
        })
        .await?;
        let credentials = json!({"email": email, "password": "battery staple"});
        let mut session = signed_up;
        for (endpoint, path) in [
            ("POST /login", "/login"),
            ("POST /api/users/login", "/api/users/login"),
        ] {
            session = self
                .call(Call {
                    function: "IdentityLogin",
                    endpoint,
                    path,
                    body: Some(credentials.clone()),
                    ..Call::default()
                })
                .await?;
        }
        let spent = json!({"refresh_token": session["refresh_token"]});
        let fresh = self
            .call(Call {
                function: "IdentityRefresh",
                endpoint: "POST /api/auth/refresh",
                path: "/api/auth/refresh",
                body: Some(spent.clone()),
                ..Call::default()
            })
            .await?;
        self.call(Call {
            function: "IdentityRefresh",
            endpoint: "POST /api/auth/refresh",
            variant: Some(("again within the grace", 2)),
            path: "/api/auth/refresh",
            body: Some(spent),
            ..Call::default()
        })
        .await?;
        self.call(Call {
            function: "IdentityLogout",
            endpoint: "POST /api/auth/logout",
            path: "/api/auth/logout",
            token: fresh["access_token"].as_str(),
            status: 204,
            ..Call::default()
        })
        .await?;
        self.call(Call {
            function: "IdentityJwks",
            endpoint: "GET /.well-known/jwks.json",
            path: "/.well-known/jwks.json",
            ..Call::default()
        })
        .await?;
        Ok(())
    }

    async fn rooms(&mut self) -> Result<(), String> {
        let mut people = Vec::new();
        for number in 0..6 {
            let email = format!("p{number}@example.com");
            let account = json!({"username": format!("p{number}"), "email": email, "password": "correct horse"});
            let answer = self
                .client
                .send("POST", "/signup", None, Some(account))
                .await?;
            people.push(person(&answer.body));
        }
        let enroll = json!({"date": MORNING});
        for other in people.iter().take(4).skip(1) {
            let token = Some(other.access.as_str());
            self.client
                .send("POST", "/register/", token, Some(enroll.clone()))
                .await?;
        }
        let me = people.first().cloned().ok_or("nobody")?;
        let token = Some(me.access.as_str());
        let register = Call {
            function: "RoomsEnroll",
            endpoint: "POST /register/",
            path: "/register/",
            token,
            body: Some(enroll.clone()),
            status: 201,
            ..Call::default()
        };
        self.call(register).await?;
        self.call(Call {
            function: "RoomsEnroll",
            endpoint: "POST /register/",
            variant: Some(("again", 1)),
            path: "/register/",
            token,
            body: Some(enroll.clone()),
            ..Call::default()
        })
        .await?;
        let path = format!("/register/{MORNING}");
        self.call(Call {
            function: "RoomsWithdraw",
            endpoint: "DELETE /register/{date}",
            path: &path,
            token,
            status: 204,
            ..Call::default()
        })
        .await?;
        self.client
            .send("POST", "/register/", token, Some(enroll.clone()))
            .await?;
        self.call(Call {
            function: "RoomsEnrollments",
            endpoint: "GET /register/",
            path: "/register/",
            token,
            ..Call::default()
        })
        .await?;
        let path = format!("/meeting_url/{}", me.id);
        self.call(Call {
            function: "RoomsMeetingUrl",
            endpoint: "GET /meeting_url/{user_id}",
            variant: Some(("not drawn yet (GET /meeting_url/{user_id})", 2)),
            path: &path,
            token,
            ..Call::default()
        })
        .await?;

        let operator = self.operator().await?;
        self.world.stack.clock().set(Some(at("08:45")?));
        let operator = self.refresh(&operator).await?;
        let time = json!({"date": MORNING, "confirm": true});
        // It states what each person adds; there are few.
        for (endpoint, path, variant) in [
            (
                "POST /assign_room/",
                "/assign_room/",
                ("drawing (POST /assign_room/)", 16),
            ),
            (
                "POST /assign_room/{time}",
                "/assign_room/09:00",
                ("drawn (POST /assign_room/{time})", 1),
            ),
        ] {
            self.call(Call {
                function: "RoomsAssignRoom",
                endpoint,
                variant: Some(variant),
                path,
                token: Some(&operator.access),
                body: Some(time.clone()),
                ..Call::default()
            })
            .await?;
        }

        self.world.stack.clock().set(Some(at("08:57")?));
        let me = self.refresh(&me).await?;
        let token = Some(me.access.as_str());
        let late = people.last().cloned().ok_or("nobody")?;
        let late = self.refresh(&late).await?;
        self.call(Call {
            function: "RoomsEnroll",
            endpoint: "POST /register/",
            variant: Some(("walking in (POST /register/)", 3)),
            path: "/register/",
            token: Some(&late.access),
            body: Some(enroll.clone()),
            status: 201,
        })
        .await?;
        self.call(Call {
            function: "RoomsEnroll",
            endpoint: "POST /register/",
            variant: Some(("again after the draw (POST /register/)", 2)),
            path: "/register/",
            token,
            body: Some(enroll),
            ..Call::default()
        })
        .await?;
        let ready = self
            .call(Call {
                function: "RoomsMeetingUrl",
                endpoint: "GET /meeting_url/{user_id}",
                path: &path,
                token,
                ..Call::default()
            })
            .await?;
        let room = ready["room_id"].as_str().ok_or("no room")?.to_owned();
        let late_path = format!("/meeting_url/{}", late.id);
        self.call(Call {
            function: "RoomsMeetingUrl",
            endpoint: "GET /meeting_url/{user_id}",
            variant: Some(("walked in", 3)),
            path: &late_path,
            token: Some(&late.access),
            ..Call::default()
        })
        .await?;
        let join = format!("/rooms/{room}/join");
        self.call(Call {
            function: "RoomsJoin",
            endpoint: "GET /rooms/{room_id}/join",
            variant: Some(("the first, who opens it (GET /rooms/{room_id}/join)", 3)),
            path: &join,
            token,
            ..Call::default()
        })
        .await?;
        self.call(Call {
            function: "RoomsJoin",
            endpoint: "GET /rooms/{room_id}/join",
            path: &join,
            token,
            ..Call::default()
        })
        .await?;
        for (endpoint, path) in [
            ("POST /participated", "/participated"),
            ("POST /paticipated", "/paticipated"),
        ] {
            self.call(Call {
                function: "RoomsParticipated",
                endpoint,
                path,
                token,
                body: Some(json!({})),
                ..Call::default()
            })
            .await?;
        }
        // One room on the page: one request more.
        self.call(Call {
            function: "RoomsHistory",
            endpoint: "GET /me/rooms",
            variant: Some(("a page of one room (GET /me/rooms)", 3)),
            path: "/me/rooms",
            token,
            ..Call::default()
        })
        .await?;
        // Those who never enrolled have no rooms.
        let stranger = people.get(4).cloned().ok_or("nobody")?;
        let stranger = self.refresh(&stranger).await?;
        self.call(Call {
            function: "RoomsHistory",
            endpoint: "GET /me/rooms",
            path: "/me/rooms",
            token: Some(&stranger.access),
            ..Call::default()
        })
        .await?;
        Ok(())
    }

    async fn mailed(&self, email: &str) -> Result<String, String> {
        self.world.stack.settle().await;
        mailed_token(&self.world.stack, email).ok_or_else(|| "no mail came".to_owned())
    }

    async fn operator(&self) -> Result<Person, String> {
        import::operator(&self.world.stack)?;
        let body = json!({"email": OPERATOR_EMAIL, "password": OPERATOR_PASSWORD});
        let answer = self.client.send("POST", "/login", None, Some(body)).await?;
        Ok(person(&answer.body))
    }

    /// An access token lives for a quarter of an hour, and the clock leaps.
    async fn refresh(&self, person: &Person) -> Result<Person, String> {
        let body = json!({"refresh_token": person.refresh});
        let answer = self
            .client
            .send("POST", "/api/auth/refresh", None, Some(body))
            .await?;
        Ok(Person {
            id: person.id.clone(),
            access: answer.body["access_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            refresh: answer.body["refresh_token"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

fn person(session: &Value) -> Person {
    let text = |field: &str| session[field].as_str().unwrap_or_default().to_owned();
    Person {
        id: text("user_id"),
        access: text("access_token"),
        refresh: text("refresh_token"),
    }
}
