//! The catalog of the database against the forms: a table that lacks a column, a check, a policy or a name fails here.

use crate::support::instance::Instance;
use crate::support::sql::{SUPERUSER, block_on, connect, count, execute, texts};
use crate::support::{shared, sql};
use clinical::form::{FormDescriptor, Requirement};
use clinical::forms::{ALL, CLINICAL};
use registry::ddl;
use sqlx::{AssertSqlSafe, Executor};

/// Everything the catalog knows about the tables of a schema, one line a fact, without the schema's name.
fn facts(instance: &Instance, schema: &str, table: &str) -> Vec<String> {
    texts(
        instance,
        &format!(
            "with t as (select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl from pg_class c
                        join pg_namespace n on n.oid = c.relnamespace where n.nspname = '{schema}' and c.relname = '{table}'),
             facts as (
               select 'column ' || attname || ' ' || format_type(atttypid, atttypmod)
                      || case when attnotnull then ' not null' else '' end
                      || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') as fact
               from t join pg_attribute on attrelid = t.oid and attnum > 0 and not attisdropped
               left join pg_attrdef on adrelid = attrelid and adnum = attnum
               union all
               select 'constraint ' || conname || ' ' || pg_get_constraintdef(k.oid) from t join pg_constraint k on conrelid = t.oid
               union all
               select 'index ' || indexname || ' ' || indexdef from pg_indexes where schemaname = '{schema}' and tablename = '{table}'
               union all
               select 'policy ' || policyname || ' ' || permissive || ' ' || roles::text || ' ' || cmd || ' using ' || coalesce(qual, '-')
                      || ' check ' || coalesce(with_check, '-')
               from pg_policies where schemaname = '{schema}' and tablename = '{table}'
               union all
               select 'trigger ' || pg_get_triggerdef(g.oid) from t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
               union all
               select 'row security ' || relrowsecurity || ' forced ' || relforcerowsecurity from t
               union all
               select 'grant ' || (g).grantee::regrole || ' ' || (g).privilege_type
               from (select aclexplode(relacl) as g from t) acl where (g).grantee <> (g).grantor)
             select replace(fact, '{schema}.', '') from facts order by 1"
        ),
    )
}

#[test]
fn tables_are_what_the_forms_say() {
    let instance = shared();
    execute(
        instance,
        "create schema scratch; grant usage on schema scratch to sequela_app, sequela_exporter",
    );
    block_on(async {
        let mut admin = connect(instance, SUPERUSER).await;
        admin.execute("set search_path to scratch, public").await.unwrap();
        for form in ALL {
            admin.execute(sqlx::raw_sql(AssertSqlSafe(ddl::create_table(form)))).await.unwrap();
        }
    });
    for form in ALL {
        let (migrated, declared) =
            (facts(instance, "public", form.name), facts(instance, "scratch", form.name));
        assert!(declared.len() > form.fields.len() + 5, "{}: {declared:?}", form.name);
        assert_eq!(migrated, declared, "the migration of {} is not what its form says", form.name);
    }
    execute(instance, "drop schema scratch cascade");
}

fn expected_columns(form: &FormDescriptor) -> Vec<String> {
    let not_null = |yes: bool| if yes { "NO" } else { "YES" };
    let mut columns: Vec<String> = Vec::new();
    if CLINICAL.contains(&form) {
        columns.push("center_id text NO".to_owned());
    }
    for (name, kind) in [
        ("record_id", "uuid"),
        ("version", "integer"),
        ("retracted", "boolean"),
        ("recorded_at", "timestamp with time zone"),
        ("form_version", "integer"),
    ] {
        columns.push(format!("{name} {kind} NO"));
    }
    for field in form.fields {
        let mandatory = field.requirement == Requirement::Mandatory;
        columns.push(format!("{} {} {}", field.name, ddl::sql_type(&field.kind), not_null(mandatory)));
    }
    columns.push("missing jsonb YES".to_owned());
    columns
}

#[test]
fn every_form_has_its_columns_and_named_constraints() {
    for form in ALL {
        let columns = texts(
            shared(),
            &format!(
                "select column_name || ' ' || data_type || ' ' || is_nullable from information_schema.columns
                 where table_schema = 'public' and table_name = '{}' order by ordinal_position",
                form.name
            ),
        );
        // A field added later stands after the columns that were there.
        let (mut columns, mut expected) = (columns, expected_columns(form));
        columns.sort();
        expected.sort();
        assert_eq!(columns, expected, "{}", form.name);
        let mut names = ddl::constraint_names(form);
        names.sort();
        let query = format!(
            "select conname::text from pg_constraint where conrelid = 'public.{}'::regclass order by conname collate \"C\"",
            form.name
        );
        assert_eq!(texts(shared(), &query), names, "{}", form.name);
    }
}

const CENTER_TABLES: &str = "select c.oid, c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'center_id'
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> 'center'";

#[test]
fn every_table_with_a_center_is_under_forced_row_security() {
    let tables = texts(shared(), &format!("select relname::text from ({CENTER_TABLES}) t order by 1"));
    assert!(tables.len() >= CLINICAL.len() + 4, "{tables:?}");
    for (what, condition) in [
        ("row security is enabled and forced", "select from pg_class c where c.oid = t.oid and c.relrowsecurity and c.relforcerowsecurity"),
        ("the application writes by the policy of the scope only, and reads beside it what another center has granted",
         "select from pg_policy p where p.polrelid = t.oid and 'sequela_app'::regrole::oid = any (p.polroles)
          having count(*) filter (where p.polcmd = '*') = 1 and count(*) <= 2
             and bool_and(case p.polcmd when '*' then pg_get_expr(p.polqual, p.polrelid) like '%sequela_scope()%'
                                             and pg_get_expr(p.polwithcheck, p.polrelid) like '%sequela_scope()%'
                          else p.polcmd = 'r' and p.polname = t.relname || '_granted'
                               and pg_get_expr(p.polqual, p.polrelid) like '%to_center = ANY%sequela_scope()%'
                               and (t.relname = 'patient_transfer' or pg_get_expr(p.polqual, p.polrelid) like '%sequela_reads_granted()%revoked_at IS NULL%') end)"),
        ("no policy is for everybody", "select where not exists (select from pg_policy p where p.polrelid = t.oid and 0::oid = any (p.polroles))"),
        ("the center is the first column of the primary key",
         "select from pg_constraint k join pg_attribute a on a.attrelid = t.oid and a.attnum = k.conkey[1]
          where k.conrelid = t.oid and k.contype = 'p' and a.attname = 'center_id'"),
        ("the center is not null", "select from pg_attribute a where a.attrelid = t.oid and a.attname = 'center_id' and a.attnotnull"),
        ("public has no privilege", "select where not exists (select from pg_class c, aclexplode(c.relacl) g where c.oid = t.oid and g.grantee = 0)"),
        ("foreign keys of the tenant hold the center",
         "select where not exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'f'
             and k.confrelid in (select oid from pg_class where relname in ('patient', 'infusion', 'audit_entry'))
             and (select attname from pg_attribute a where a.attrelid = t.oid and a.attnum = k.conkey[1]) <> 'center_id')"),
    ] {
        let lacking = texts(shared(), &format!("select relname::text from ({CENTER_TABLES}) t where not exists ({condition})"));
        assert_eq!(lacking, Vec::<String>::new(), "not true of these tables: {what}");
    }
    let exporter = "select tablename::text from pg_policies where 'sequela_app' <> all (roles::text[]) and cmd not in ('SELECT')
        and not (policyname = tablename || '_erase' and roles::text[] = array['sequela_eraser'])";
    let changed = "select table_name::text from information_schema.role_table_grants
        where grantee = 'sequela_eraser' and privilege_type not in ('SELECT', 'DELETE') and table_name not in ('audit_entry', 'audit_payload', 'erasure')
        union all select table_name::text from information_schema.role_column_grants
        where grantee = 'sequela_eraser' and privilege_type = 'UPDATE' and column_name not in ('snapshots_done', 'file_kept')";
    assert_eq!(
        texts(shared(), changed),
        Vec::<String>::new(),
        "the eraser changes what it should only take away"
    );
    assert_eq!(
        texts(shared(), exporter),
        Vec::<String>::new(),
        "a role beside the application writes under a policy"
    );
    let other = "select relname::text from pg_class c where relkind in ('v', 'm', 'f', 'S') and relnamespace = 'public'::regnamespace";
    assert_eq!(
        texts(shared(), other),
        Vec::<String>::new(),
        "views do not inherit row security: look at them"
    );
    let definer =
        "select proname::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef";
    assert_eq!(texts(shared(), definer), Vec::<String>::new(), "functions that run as their owner");
}

#[test]
fn constraints_are_named_by_people() {
    let tables = "select oid, relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relname not like '\\_sqlx%'";
    let named = format!(
        "select k.conname::text from ({tables}) t join pg_constraint k on k.conrelid = t.oid
         where k.conname !~ ('^' || t.relname || '_[a-z0-9_]+$') or k.conname ~ '_(pkey|fkey|check|excl)[0-9]*$'"
    );
    assert_eq!(texts(shared(), &named), Vec::<String>::new());
    let keyless = format!(
        "select relname::text from ({tables}) t where not exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'p')"
    );
    assert_eq!(texts(shared(), &keyless), Vec::<String>::new());
    let invalid = "select conname::text from pg_constraint where not convalidated";
    assert_eq!(texts(shared(), invalid), Vec::<String>::new());
}

#[test]
fn the_database_itself_refuses_what_the_forms_refuse() {
    let center = shared().center();
    let insert = |values: &str| {
        let statement = format!(
            "insert into patient (center_id, record_id, version, recorded_at, form_version, patient_id, birth_year, sex, consent_registry, date_basis, missing)
             values ('{}', gen_random_uuid(), {values})",
            center.id
        );
        block_on(async {
            let mut admin = connect(shared(), SUPERUSER).await;
            match admin.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await {
                Ok(_) => "taken".to_owned(),
                Err(sqlx::Error::Database(e)) => e.constraint().map_or_else(|| e.to_string(), str::to_owned),
                Err(other) => other.to_string(),
            }
        })
    };
    assert_eq!(insert("1, now(), 1, 'P', 1960, 'F', 'Y', 'CALENDAR', null"), "taken");
    assert_eq!(insert("1, now(), 1, 'P', 1960, 'F', 'Y', 'CALENDAR', null"), "patient_key");
    assert_eq!(insert("0, now(), 1, 'Q', 1960, 'F', 'Y', 'CALENDAR', null"), "patient_version_accepts");
    assert_eq!(insert("1, now(), 1, 'Q', 1899, 'F', 'Y', 'CALENDAR', null"), "patient_birth_year_accepts");
    assert_eq!(insert("1, now(), 1, 'Q', 1960, 'X', 'Y', 'CALENDAR', null"), "patient_sex_accepts");
    assert_eq!(insert("1, now(), 1, 'Q', null, 'F', 'Y', 'CALENDAR', null"), "patient_birth_year_given");
    assert_eq!(
        insert("1, now(), 1, 'Q', 1960, 'F', 'Y', 'CALENDAR', '{\"birth_year\":\"NK\"}'"),
        "patient_birth_year_given"
    );
    assert_eq!(insert("1, now(), 1, ' Q', 1960, 'F', 'Y', 'CALENDAR', null"), "patient_patient_id_accepts");
    assert_eq!(insert("1, now(), 1, 'Q', null, 'F', 'Y', 'CALENDAR', '{\"birth_year\":\"NK\"}'"), "taken");
    execute(shared(), &format!("delete from patient where center_id = '{}'", center.id));
}

#[test]
fn migrations_are_applied_once_and_a_restart_begins_no_generation() {
    let mut instance = Instance::new();
    let mut states = Vec::new();
    for _ in 0..2 {
        let migrated = instance.command(&["migrate"]);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        assert!(String::from_utf8_lossy(&migrated.stdout).contains("generation 1"), "{migrated:?}");
        instance.start();
        let applied = texts(
            &instance,
            "select version || ' ' || installed_on || ' ' || encode(checksum, 'hex') from _sqlx_migrations order by 1",
        );
        assert!(applied.len() >= 4);
        let mut state = applied;
        for form in ALL {
            state.extend(facts(&instance, "public", form.name));
        }
        state.push(count(&instance, "select count(*) from generation").to_string());
        state.push(count(&instance, "select count(*) from product").to_string());
        states.push(state);
        assert!(instance.stop().success());
    }
    assert_eq!(states[0], states[1]);
    assert!(states[0].contains(&"1".to_owned()));
    // Two servers that start at once on one database apply them once.
    instance.start();
    block_on(async {
        let (a, b) = tokio::join!(sql::database(&instance), sql::database(&instance));
        assert_eq!((a.generation, b.generation), (1, 1));
    });
}
