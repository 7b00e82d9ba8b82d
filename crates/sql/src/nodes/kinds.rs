//! Which nodes there are, and what their fields are called in libpg_query's JSON: as in Rust, unless
//! a name in quotes says otherwise; the type behind a colon is that of an enum, which is written by
//! the names of its values. Those come first that are met most often.

use pg_query::NodeEnum;
use pg_query::protobuf;

use super::{Field, Read, Reader, Unreadable};

type ReadNode = fn(&mut Reader<'_>) -> Read<NodeEnum>;

macro_rules! kinds {
    ($($label:literal $variant:ident($node:ident) {
        $($field:ident $($key:literal)? $(: $values:ident)?),* $(,)?
    })*) => {
        /// What reads the fields of a node of that type.
        pub(super) fn reader_of(label: &str) -> Read<ReadNode> {
            match label {
                // Functions of their own, as each wants room on the stack for its node.
                $($label => Ok(|reader| Ok(NodeEnum::$variant(Field::read(reader)?))),)*
                "A_Const" => Ok(|reader| Ok(NodeEnum::AConst(Field::read(reader)?))),
                _ => Err(Unreadable),
            }
        }

        $(impl Field for protobuf::$node {
            #[allow(unused_mut, unused_variables)]
            fn read(reader: &mut Reader<'_>) -> Read<Self> {
                let mut node = Self::default();
                reader.fields(|reader, key| {
                    $(if key == kinds!(@key $field $($key)?) {
                        node.$field = kinds!(@value reader $($values)?);
                        return Ok(());
                    })*
                    Err(Unreadable)
                })?;
                Ok(node)
            }
        })*
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    (@value $reader:ident) => { Field::read($reader)? };
    (@value $reader:ident $values:ident) => {
        protobuf::$values::from_str_name($reader.plain_text()?).ok_or(Unreadable)? as i32
    };
}

kinds! {
    "String" String(String) { sval }
    "ColumnRef" ColumnRef(ColumnRef) { fields, location }
    "ResTarget" ResTarget(ResTarget) { name, indirection, val, location }
    "A_Expr" AExpr(AExpr) { kind: AExprKind, name, lexpr, rexpr, rexpr_list_start, rexpr_list_end, location }
    "RangeVar" RangeVar(RangeVar) { catalogname, schemaname, relname, inh, relpersistence, alias, location }
    "TypeName" TypeName(TypeName) {
        names, type_oid "typeOid", setof, pct_type, typmods, typemod, array_bounds "arrayBounds", location,
    }
    "Integer" Integer(Integer) { ival }
    "ColumnDef" ColumnDef(ColumnDef) {
        colname, type_name "typeName", compression, inhcount, is_local, is_not_null, is_from_type, storage,
        storage_name, raw_default, cooked_default, identity, identity_sequence "identitySequence", generated,
        coll_clause "collClause", coll_oid "collOid", constraints, fdwoptions, location,
    }
    "Constraint" Constraint(Constraint) {
        contype: ConstrType, conname, deferrable, initdeferred, is_enforced, skip_validation, initially_valid,
        is_no_inherit, raw_expr, cooked_expr, generated_when, generated_kind, nulls_not_distinct, keys,
        without_overlaps, including, exclusions, options, indexname, indexspace, reset_default_tblspc,
        access_method, where_clause, pktable, fk_attrs, pk_attrs, fk_with_period, pk_with_period, fk_matchtype,
        fk_upd_action, fk_del_action, fk_del_set_cols, old_conpfeqop, old_pktable_oid, location,
    }
    "FuncCall" FuncCall(FuncCall) {
        funcname, args, agg_order, agg_filter, over, agg_within_group, agg_star, agg_distinct, func_variadic,
        funcformat: CoercionForm, location,
    }
    "List" List(List) { items }
    "TypeCast" TypeCast(TypeCast) { arg, type_name "typeName", location }
    "DefElem" DefElem(DefElem) { defnamespace, defname, arg, defaction: DefElemAction, location, arg_location }
    "BoolExpr" BoolExpr(BoolExpr) { xpr, boolop: BoolExprType, args, location }
    "SelectStmt" SelectStmt(SelectStmt) {
        distinct_clause "distinctClause", into_clause "intoClause", target_list "targetList",
        from_clause "fromClause", where_clause "whereClause", group_clause "groupClause",
        group_distinct "groupDistinct", having_clause "havingClause", window_clause "windowClause",
        values_lists "valuesLists", sort_clause "sortClause", limit_offset "limitOffset",
        limit_count "limitCount", limit_option "limitOption": LimitOption, locking_clause "lockingClause",
        with_clause "withClause", op: SetOperation, all, larg, rarg,
    }
    "InsertStmt" InsertStmt(InsertStmt) {
        relation, cols, select_stmt "selectStmt", on_conflict_clause "onConflictClause",
        returning_clause "returningClause", with_clause "withClause", r#override "override": OverridingKind,
    }
    "AlterTableCmd" AlterTableCmd(AlterTableCmd) {
        subtype: AlterTableType, name, num, newowner, def, behavior: DropBehavior, missing_ok, recurse,
    }
    "AlterTableStmt" AlterTableStmt(AlterTableStmt) { relation, cmds, objtype: ObjectType, missing_ok }
    "IndexElem" IndexElem(IndexElem) {
        name, expr, indexcolname, collation, opclass, opclassopts, ordering: SortByDir,
        nulls_ordering: SortByNulls,
    }
    "IndexStmt" IndexStmt(IndexStmt) {
        idxname, relation, access_method "accessMethod", table_space "tableSpace", index_params "indexParams",
        index_including_params "indexIncludingParams", options, where_clause "whereClause",
        exclude_op_names "excludeOpNames", idxcomment, index_oid "indexOid", old_number "oldNumber",
        old_create_subid "oldCreateSubid", old_first_relfilelocator_subid "oldFirstRelfilelocatorSubid",
        unique, nulls_not_distinct, primary, isconstraint, iswithoutoverlaps, deferrable, initdeferred,
        transformed, concurrent, if_not_exists, reset_default_tblspc,
    }
    "CreateStmt" CreateStmt(CreateStmt) {
        relation, table_elts "tableElts", inh_relations "inhRelations", partbound, partspec,
        of_typename "ofTypename", constraints, nnconstraints, options, oncommit: OnCommitAction,
        tablespacename, access_method "accessMethod", if_not_exists,
    }
    "UpdateStmt" UpdateStmt(UpdateStmt) {
        relation, target_list "targetList", where_clause "whereClause", from_clause "fromClause",
        returning_clause "returningClause", with_clause "withClause",
    }
    "DeleteStmt" DeleteStmt(DeleteStmt) {
        relation, using_clause "usingClause", where_clause "whereClause", returning_clause "returningClause",
        with_clause "withClause",
    }
    "JoinExpr" JoinExpr(JoinExpr) {
        jointype: JoinType, is_natural "isNatural", larg, rarg, using_clause "usingClause", join_using_alias,
        quals, alias, rtindex,
    }
    "SortBy" SortBy(SortBy) { node, sortby_dir: SortByDir, sortby_nulls: SortByNulls, use_op "useOp", location }
    "CommentStmt" CommentStmt(CommentStmt) { objtype: ObjectType, object, comment }
    "GrantStmt" GrantStmt(GrantStmt) {
        is_grant, targtype: GrantTargetType, objtype: ObjectType, objects, privileges, grantees, grant_option,
        grantor, behavior: DropBehavior,
    }
    "AccessPriv" AccessPriv(AccessPriv) { priv_name, cols }
    "RoleSpec" RoleSpec(RoleSpec) { roletype: RoleSpecType, rolename, location }
    "CreateFunctionStmt" CreateFunctionStmt(CreateFunctionStmt) {
        is_procedure, replace, funcname, parameters, return_type "returnType", options, sql_body,
    }
    "ViewStmt" ViewStmt(ViewStmt) {
        view, aliases, query, replace, options, with_check_option "withCheckOption": ViewCheckOption,
    }
    "SetToDefault" SetToDefault(SetToDefault) { xpr, type_id "typeId", type_mod "typeMod", collation, location }
    "NullTest" NullTest(NullTest) { xpr, arg, nulltesttype: NullTestType, argisrow, location }
    "SubLink" SubLink(SubLink) {
        xpr, sub_link_type "subLinkType": SubLinkType, sub_link_id "subLinkId", testexpr, oper_name "operName",
        subselect, location,
    }
    "ParamRef" ParamRef(ParamRef) { number, location }
    "Float" Float(Float) { fval }
    "Boolean" Boolean(Boolean) { boolval }
    "A_Star" AStar(AStar) {}
    "OnConflictClause" OnConflictClause(OnConflictClause) {
        action: OnConflictAction, infer, target_list "targetList", where_clause "whereClause", location,
    }
    "TransactionStmt" TransactionStmt(TransactionStmt) {
        kind: TransactionStmtKind, options, savepoint_name, gid, chain, location,
    }
    "VariableSetStmt" VariableSetStmt(VariableSetStmt) {
        kind: VariableSetKind, name, args, jumble_args, is_local, location,
    }
    "DropStmt" DropStmt(DropStmt) {
        objects, remove_type "removeType": ObjectType, behavior: DropBehavior, missing_ok, concurrent,
    }
    "AlterOwnerStmt" AlterOwnerStmt(AlterOwnerStmt) {
        object_type "objectType": ObjectType, relation, object, newowner,
    }
    "CreateSeqStmt" CreateSeqStmt(CreateSeqStmt) {
        sequence, options, owner_id "ownerId", for_identity, if_not_exists,
    }
    "AlterSeqStmt" AlterSeqStmt(AlterSeqStmt) { sequence, options, for_identity, missing_ok }
    "A_ArrayExpr" AArrayExpr(AArrayExpr) { elements, list_start, list_end, location }
    "A_Indices" AIndices(AIndices) { is_slice, lidx, uidx }
    "A_Indirection" AIndirection(AIndirection) { arg, indirection }
    "Alias" Alias(Alias) { aliasname, colnames }
    "AlterCollationStmt" AlterCollationStmt(AlterCollationStmt) { collname }
    "AlterDatabaseRefreshCollStmt" AlterDatabaseRefreshCollStmt(AlterDatabaseRefreshCollStmt) { dbname }
    "AlterDatabaseSetStmt" AlterDatabaseSetStmt(AlterDatabaseSetStmt) { dbname, setstmt }
    "AlterDatabaseStmt" AlterDatabaseStmt(AlterDatabaseStmt) { dbname, options }
    "AlterDefaultPrivilegesStmt" AlterDefaultPrivilegesStmt(AlterDefaultPrivilegesStmt) { options, action }
    "AlterDomainStmt" AlterDomainStmt(AlterDomainStmt) {
        subtype, type_name "typeName", name, def, behavior: DropBehavior, missing_ok,
    }
    "AlterEnumStmt" AlterEnumStmt(AlterEnumStmt) {
        type_name "typeName", old_val "oldVal", new_val "newVal", new_val_neighbor "newValNeighbor",
        new_val_is_after "newValIsAfter", skip_if_new_val_exists "skipIfNewValExists",
    }
    "AlterEventTrigStmt" AlterEventTrigStmt(AlterEventTrigStmt) { trigname, tgenabled }
    "AlterExtensionContentsStmt" AlterExtensionContentsStmt(AlterExtensionContentsStmt) {
        extname, action, objtype: ObjectType, object,
    }
    "AlterExtensionStmt" AlterExtensionStmt(AlterExtensionStmt) { extname, options }
    "AlterFdwStmt" AlterFdwStmt(AlterFdwStmt) { fdwname, func_options, options }
    "AlterForeignServerStmt" AlterForeignServerStmt(AlterForeignServerStmt) {
        servername, version, options, has_version,
    }
    "AlterFunctionStmt" AlterFunctionStmt(AlterFunctionStmt) { objtype: ObjectType, func, actions }
    "AlterObjectDependsStmt" AlterObjectDependsStmt(AlterObjectDependsStmt) {
        object_type "objectType": ObjectType, relation, object, extname, remove,
    }
    "AlterObjectSchemaStmt" AlterObjectSchemaStmt(AlterObjectSchemaStmt) {
        object_type "objectType": ObjectType, relation, object, newschema, missing_ok,
    }
    "AlterOperatorStmt" AlterOperatorStmt(AlterOperatorStmt) { opername, options }
    "AlterOpFamilyStmt" AlterOpFamilyStmt(AlterOpFamilyStmt) { opfamilyname, amname, is_drop "isDrop", items }
    "AlterPolicyStmt" AlterPolicyStmt(AlterPolicyStmt) { policy_name, table, roles, qual, with_check }
    "AlterPublicationStmt" AlterPublicationStmt(AlterPublicationStmt) {
        pubname, options, pubobjects, for_all_tables, action: AlterPublicationAction,
    }
    "AlterRoleSetStmt" AlterRoleSetStmt(AlterRoleSetStmt) { role, database, setstmt }
    "AlterRoleStmt" AlterRoleStmt(AlterRoleStmt) { role, options, action }
    "AlterStatsStmt" AlterStatsStmt(AlterStatsStmt) { defnames, stxstattarget, missing_ok }
    "AlterSubscriptionStmt" AlterSubscriptionStmt(AlterSubscriptionStmt) {
        kind: AlterSubscriptionType, subname, conninfo, publication, options, conninfo_location,
    }
    "AlterSystemStmt" AlterSystemStmt(AlterSystemStmt) { setstmt }
    "AlterTableMoveAllStmt" AlterTableMoveAllStmt(AlterTableMoveAllStmt) {
        orig_tablespacename, objtype: ObjectType, roles, new_tablespacename, nowait,
    }
    "AlterTableSpaceOptionsStmt" AlterTableSpaceOptionsStmt(AlterTableSpaceOptionsStmt) {
        tablespacename, options, is_reset "isReset",
    }
    "AlterTSConfigurationStmt" AlterTsconfigurationStmt(AlterTsConfigurationStmt) {
        kind: AlterTsConfigType, cfgname, tokentype, dicts, r#override "override", replace, missing_ok,
    }
    "AlterTSDictionaryStmt" AlterTsdictionaryStmt(AlterTsDictionaryStmt) { dictname, options }
    "AlterTypeStmt" AlterTypeStmt(AlterTypeStmt) { type_name "typeName", options }
    "AlterUserMappingStmt" AlterUserMappingStmt(AlterUserMappingStmt) { user, servername, options }
    "ATAlterConstraint" AtalterConstraint(AtAlterConstraint) {
        conname, alter_enforceability "alterEnforceability", is_enforced,
        alter_deferrability "alterDeferrability", deferrable, initdeferred,
        alter_inheritability "alterInheritability", noinherit,
    }
    "BitString" BitString(BitString) { bsval }
    "BooleanTest" BooleanTest(BooleanTest) { xpr, arg, booltesttype: BoolTestType, location }
    "CallStmt" CallStmt(CallStmt) { funccall, outargs }
    "CaseExpr" CaseExpr(CaseExpr) { xpr, casetype, casecollid, arg, args, defresult, location }
    "CaseWhen" CaseWhen(CaseWhen) { xpr, expr, result, location }
    "CheckPointStmt" CheckPointStmt(CheckPointStmt) {}
    "ClosePortalStmt" ClosePortalStmt(ClosePortalStmt) { portalname }
    "ClusterStmt" ClusterStmt(ClusterStmt) { relation, indexname, params }
    "CoalesceExpr" CoalesceExpr(CoalesceExpr) { xpr, coalescetype, coalescecollid, args, location }
    "CollateClause" CollateClause(CollateClause) { arg, collname, location }
    "CommonTableExpr" CommonTableExpr(CommonTableExpr) {
        ctename, aliascolnames, ctematerialized: CteMaterialize, ctequery, search_clause, cycle_clause,
        location, cterecursive, cterefcount, ctecolnames, ctecoltypes, ctecoltypmods, ctecolcollations,
    }
    "CompositeTypeStmt" CompositeTypeStmt(CompositeTypeStmt) { typevar, coldeflist }
    "ConstraintsSetStmt" ConstraintsSetStmt(ConstraintsSetStmt) { constraints, deferred }
    "CopyStmt" CopyStmt(CopyStmt) {
        relation, query, attlist, is_from, is_program, filename, options, where_clause "whereClause",
    }
    "CreateAmStmt" CreateAmStmt(CreateAmStmt) { amname, handler_name, amtype }
    "CreateCastStmt" CreateCastStmt(CreateCastStmt) {
        sourcetype, targettype, func, context: CoercionContext, inout,
    }
    "CreatedbStmt" CreatedbStmt(CreatedbStmt) { dbname, options }
    "CreateDomainStmt" CreateDomainStmt(CreateDomainStmt) {
        domainname, type_name "typeName", coll_clause "collClause", constraints,
    }
    "CreateEnumStmt" CreateEnumStmt(CreateEnumStmt) { type_name "typeName", vals }
    "CreateEventTrigStmt" CreateEventTrigStmt(CreateEventTrigStmt) { trigname, eventname, whenclause, funcname }
    "CreateExtensionStmt" CreateExtensionStmt(CreateExtensionStmt) { extname, if_not_exists, options }
    "CreateFdwStmt" CreateFdwStmt(CreateFdwStmt) { fdwname, func_options, options }
    "CreateForeignServerStmt" CreateForeignServerStmt(CreateForeignServerStmt) {
        servername, servertype, version, fdwname, if_not_exists, options,
    }
    "CreateForeignTableStmt" CreateForeignTableStmt(CreateForeignTableStmt) {
        base_stmt "base", servername, options,
    }
    "CreateOpClassItem" CreateOpClassItem(CreateOpClassItem) {
        itemtype, name, number, order_family, class_args, storedtype,
    }
    "CreateOpClassStmt" CreateOpClassStmt(CreateOpClassStmt) {
        opclassname, opfamilyname, amname, datatype, items, is_default "isDefault",
    }
    "CreateOpFamilyStmt" CreateOpFamilyStmt(CreateOpFamilyStmt) { opfamilyname, amname }
    "CreatePLangStmt" CreatePlangStmt(CreatePLangStmt) {
        replace, plname, plhandler, plinline, plvalidator, pltrusted,
    }
    "CreatePolicyStmt" CreatePolicyStmt(CreatePolicyStmt) {
        policy_name, table, cmd_name, permissive, roles, qual, with_check,
    }
    "CreatePublicationStmt" CreatePublicationStmt(CreatePublicationStmt) {
        pubname, options, pubobjects, for_all_tables,
    }
    "CreateRangeStmt" CreateRangeStmt(CreateRangeStmt) { type_name "typeName", params }
    "CreateRoleStmt" CreateRoleStmt(CreateRoleStmt) { stmt_type: RoleStmtType, role, options }
    "CreateSchemaStmt" CreateSchemaStmt(CreateSchemaStmt) {
        schemaname, authrole, schema_elts "schemaElts", if_not_exists,
    }
    "CreateStatsStmt" CreateStatsStmt(CreateStatsStmt) {
        defnames, stat_types, exprs, relations, stxcomment, transformed, if_not_exists,
    }
    "CreateSubscriptionStmt" CreateSubscriptionStmt(CreateSubscriptionStmt) {
        subname, conninfo, publication, options, conninfo_location,
    }
    "CreateTableAsStmt" CreateTableAsStmt(CreateTableAsStmt) {
        query, into, objtype: ObjectType, is_select_into, if_not_exists,
    }
    "CreateTableSpaceStmt" CreateTableSpaceStmt(CreateTableSpaceStmt) {
        tablespacename, owner, location, options,
    }
    "CreateTransformStmt" CreateTransformStmt(CreateTransformStmt) { replace, type_name, lang, fromsql, tosql }
    "CreateTrigStmt" CreateTrigStmt(CreateTrigStmt) {
        replace, isconstraint, trigname, relation, funcname, args, row, timing, events, columns,
        when_clause "whenClause", transition_rels "transitionRels", deferrable, initdeferred, constrrel,
    }
    "CreateUserMappingStmt" CreateUserMappingStmt(CreateUserMappingStmt) {
        user, servername, if_not_exists, options,
    }
    "CTECycleClause" CtecycleClause(CteCycleClause) {
        cycle_col_list, cycle_mark_column, cycle_mark_value, cycle_mark_default, cycle_path_column, location,
        cycle_mark_type, cycle_mark_typmod, cycle_mark_collation, cycle_mark_neop,
    }
    "CTESearchClause" CtesearchClause(CteSearchClause) {
        search_col_list, search_breadth_first, search_seq_column, location,
    }
    "CurrentOfExpr" CurrentOfExpr(CurrentOfExpr) { xpr, cvarno, cursor_name, cursor_param }
    "DeallocateStmt" DeallocateStmt(DeallocateStmt) { name, isall, location }
    "DeclareCursorStmt" DeclareCursorStmt(DeclareCursorStmt) { portalname, options, query }
    "DefineStmt" DefineStmt(DefineStmt) {
        kind: ObjectType, oldstyle, defnames, args, definition, if_not_exists, replace,
    }
    "DiscardStmt" DiscardStmt(DiscardStmt) { target: DiscardMode }
    "DoStmt" DoStmt(DoStmt) { args }
    "DropdbStmt" DropdbStmt(DropdbStmt) { dbname, missing_ok, options }
    "DropOwnedStmt" DropOwnedStmt(DropOwnedStmt) { roles, behavior: DropBehavior }
    "DropRoleStmt" DropRoleStmt(DropRoleStmt) { roles, missing_ok }
    "DropSubscriptionStmt" DropSubscriptionStmt(DropSubscriptionStmt) {
        subname, missing_ok, behavior: DropBehavior,
    }
    "DropTableSpaceStmt" DropTableSpaceStmt(DropTableSpaceStmt) { tablespacename, missing_ok }
    "DropUserMappingStmt" DropUserMappingStmt(DropUserMappingStmt) { user, servername, missing_ok }
    "ExecuteStmt" ExecuteStmt(ExecuteStmt) { name, params }
    "ExplainStmt" ExplainStmt(ExplainStmt) { query, options }
    "FetchStmt" FetchStmt(FetchStmt) { direction: FetchDirection, how_many "howMany", portalname, ismove }
    "FunctionParameter" FunctionParameter(FunctionParameter) {
        name, arg_type "argType", mode: FunctionParameterMode, defexpr, location,
    }
    "GrantRoleStmt" GrantRoleStmt(GrantRoleStmt) {
        granted_roles, grantee_roles, is_grant, opt, grantor, behavior: DropBehavior,
    }
    "GroupingFunc" GroupingFunc(GroupingFunc) { xpr, args, refs, agglevelsup, location }
    "GroupingSet" GroupingSet(GroupingSet) { kind: GroupingSetKind, content, location }
    "ImportForeignSchemaStmt" ImportForeignSchemaStmt(ImportForeignSchemaStmt) {
        server_name, remote_schema, local_schema, list_type: ImportForeignSchemaType, table_list, options,
    }
    "InferClause" InferClause(InferClause) {
        index_elems "indexElems", where_clause "whereClause", conname, location,
    }
    "IntoClause" IntoClause(IntoClause) {
        rel, col_names "colNames", access_method "accessMethod", options, on_commit "onCommit": OnCommitAction,
        table_space_name "tableSpaceName", skip_data "skipData",
    }
    "JsonAggConstructor" JsonAggConstructor(JsonAggConstructor) {
        output, agg_filter, agg_order, over, location,
    }
    "JsonArgument" JsonArgument(JsonArgument) { val, name }
    "JsonArrayAgg" JsonArrayAgg(JsonArrayAgg) { constructor, arg, absent_on_null }
    "JsonArrayConstructor" JsonArrayConstructor(JsonArrayConstructor) {
        exprs, output, absent_on_null, location,
    }
    "JsonArrayQueryConstructor" JsonArrayQueryConstructor(JsonArrayQueryConstructor) {
        query, output, format, absent_on_null, location,
    }
    "JsonBehavior" JsonBehavior(JsonBehavior) { btype: JsonBehaviorType, expr, coerce, location }
    "JsonFormat" JsonFormat(JsonFormat) { format_type: JsonFormatType, encoding: JsonEncoding, location }
    "JsonFuncExpr" JsonFuncExpr(JsonFuncExpr) {
        op: JsonExprOp, column_name, context_item, pathspec, passing, output, on_empty, on_error,
        wrapper: JsonWrapper, quotes: JsonQuotes, location,
    }
    "JsonKeyValue" JsonKeyValue(JsonKeyValue) { key, value }
    "JsonObjectAgg" JsonObjectAgg(JsonObjectAgg) { constructor, arg, absent_on_null, unique }
    "JsonObjectConstructor" JsonObjectConstructor(JsonObjectConstructor) {
        exprs, output, absent_on_null, unique, location,
    }
    "JsonOutput" JsonOutput(JsonOutput) { type_name "typeName", returning }
    "JsonParseExpr" JsonParseExpr(JsonParseExpr) { expr, output, unique_keys, location }
    "JsonReturning" JsonReturning(JsonReturning) { format, typid, typmod }
    "JsonScalarExpr" JsonScalarExpr(JsonScalarExpr) { expr, output, location }
    "JsonSerializeExpr" JsonSerializeExpr(JsonSerializeExpr) { expr, output, location }
    "JsonTable" JsonTable(JsonTable) {
        context_item, pathspec, passing, columns, on_error, alias, lateral, location,
    }
    "JsonTableColumn" JsonTableColumn(JsonTableColumn) {
        coltype: JsonTableColumnType, name, type_name "typeName", pathspec, format, wrapper: JsonWrapper,
        quotes: JsonQuotes, columns, on_empty, on_error, location,
    }
    "JsonTablePathSpec" JsonTablePathSpec(JsonTablePathSpec) { string, name, name_location, location }
    "JsonValueExpr" JsonValueExpr(JsonValueExpr) { raw_expr, formatted_expr, format }
    "ListenStmt" ListenStmt(ListenStmt) { conditionname }
    "LoadStmt" LoadStmt(LoadStmt) { filename }
    "LockingClause" LockingClause(LockingClause) {
        locked_rels "lockedRels", strength: LockClauseStrength, wait_policy "waitPolicy": LockWaitPolicy,
    }
    "LockStmt" LockStmt(LockStmt) { relations, mode, nowait }
    "MergeStmt" MergeStmt(MergeStmt) {
        relation, source_relation "sourceRelation", join_condition "joinCondition",
        merge_when_clauses "mergeWhenClauses", returning_clause "returningClause", with_clause "withClause",
    }
    "MergeWhenClause" MergeWhenClause(MergeWhenClause) {
        match_kind "matchKind": MergeMatchKind, command_type "commandType": CmdType,
        r#override "override": OverridingKind, condition, target_list "targetList", values,
    }
    "MinMaxExpr" MinMaxExpr(MinMaxExpr) {
        xpr, minmaxtype, minmaxcollid, inputcollid, op: MinMaxOp, args, location,
    }
    "MultiAssignRef" MultiAssignRef(MultiAssignRef) { source, colno, ncolumns }
    "NamedArgExpr" NamedArgExpr(NamedArgExpr) { xpr, arg, name, argnumber, location }
    "NotifyStmt" NotifyStmt(NotifyStmt) { conditionname, payload, payload_location }
    "ObjectWithArgs" ObjectWithArgs(ObjectWithArgs) { objname, objargs, objfuncargs, args_unspecified }
    "PartitionBoundSpec" PartitionBoundSpec(PartitionBoundSpec) {
        strategy, is_default, modulus, remainder, listdatums, lowerdatums, upperdatums, location,
    }
    "PartitionCmd" PartitionCmd(PartitionCmd) { name, bound, concurrent }
    "PartitionElem" PartitionElem(PartitionElem) { name, expr, collation, opclass, location }
    "PartitionSpec" PartitionSpec(PartitionSpec) {
        strategy: PartitionStrategy, part_params "partParams", location,
    }
    "PrepareStmt" PrepareStmt(PrepareStmt) { name, argtypes, query }
    "PublicationObjSpec" PublicationObjSpec(PublicationObjSpec) {
        pubobjtype: PublicationObjSpecType, name, pubtable, location,
    }
    "PublicationTable" PublicationTable(PublicationTable) { relation, where_clause "whereClause", columns }
    "RangeFunction" RangeFunction(RangeFunction) {
        lateral, ordinality, is_rowsfrom, functions, alias, coldeflist,
    }
    "RangeSubselect" RangeSubselect(RangeSubselect) { lateral, subquery, alias }
    "RangeTableFunc" RangeTableFunc(RangeTableFunc) {
        lateral, docexpr, rowexpr, namespaces, columns, alias, location,
    }
    "RangeTableFuncCol" RangeTableFuncCol(RangeTableFuncCol) {
        colname, type_name "typeName", for_ordinality, is_not_null, colexpr, coldefexpr, location,
    }
    "RangeTableSample" RangeTableSample(RangeTableSample) { relation, method, args, repeatable, location }
    "ReassignOwnedStmt" ReassignOwnedStmt(ReassignOwnedStmt) { roles, newrole }
    "RefreshMatViewStmt" RefreshMatViewStmt(RefreshMatViewStmt) { concurrent, skip_data "skipData", relation }
    "ReindexStmt" ReindexStmt(ReindexStmt) { kind: ReindexObjectType, relation, name, params }
    "RenameStmt" RenameStmt(RenameStmt) {
        rename_type "renameType": ObjectType, relation_type "relationType": ObjectType, relation, object,
        subname, newname, behavior: DropBehavior, missing_ok,
    }
    "ReplicaIdentityStmt" ReplicaIdentityStmt(ReplicaIdentityStmt) { identity_type, name }
    "ReturningClause" ReturningClause(ReturningClause) { options, exprs }
    "ReturningOption" ReturningOption(ReturningOption) { option: ReturningOptionKind, value, location }
    "ReturnStmt" ReturnStmt(ReturnStmt) { returnval }
    "RowExpr" RowExpr(RowExpr) { xpr, args, row_typeid, row_format: CoercionForm, colnames, location }
    "RuleStmt" RuleStmt(RuleStmt) {
        relation, rulename, where_clause "whereClause", event: CmdType, instead, actions, replace,
    }
    "SecLabelStmt" SecLabelStmt(SecLabelStmt) { objtype: ObjectType, object, provider, label }
    "SQLValueFunction" SqlvalueFunction(SqlValueFunction) {
        xpr, op: SqlValueFunctionOp, r#type "type", typmod, location,
    }
    "StatsElem" StatsElem(StatsElem) { name, expr }
    "TableLikeClause" TableLikeClause(TableLikeClause) { relation, options, relation_oid "relationOid" }
    "TriggerTransition" TriggerTransition(TriggerTransition) { name, is_new "isNew", is_table "isTable" }
    "TruncateStmt" TruncateStmt(TruncateStmt) { relations, restart_seqs, behavior: DropBehavior }
    "UnlistenStmt" UnlistenStmt(UnlistenStmt) { conditionname }
    "VacuumRelation" VacuumRelation(VacuumRelation) { relation, oid, va_cols }
    "VacuumStmt" VacuumStmt(VacuumStmt) { options, rels, is_vacuumcmd }
    "VariableShowStmt" VariableShowStmt(VariableShowStmt) { name }
    "WindowDef" WindowDef(WindowDef) {
        name, refname, partition_clause "partitionClause", order_clause "orderClause",
        frame_options "frameOptions", start_offset "startOffset", end_offset "endOffset", location,
    }
    "WithClause" WithClause(WithClause) { ctes, recursive, location }
    "XmlExpr" XmlExpr(XmlExpr) {
        xpr, op: XmlExprOp, name, named_args, arg_names, args, xmloption: XmlOptionType, indent, r#type "type",
        typmod, location,
    }
    "XmlSerialize" XmlSerialize(XmlSerialize) {
        xmloption: XmlOptionType, expr, type_name "typeName", indent, location,
    }
}
