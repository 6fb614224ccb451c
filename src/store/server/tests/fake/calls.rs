//! The calls, each carried out as a whole while no other is.

use std::future::Future;
use std::pin::Pin;

use ::qdrant_client::qdrant::*;
use tonic::Request;
use tonic::Response;
use tonic::Status;

use super::Collection;
use super::Fake;
use super::Id;
use super::State;
use super::points::shown;

/// Implements a service of the contract: `name(request) -> answer` by a function of [`State`]; without
/// one the call is unimplemented.
macro_rules! service {
    ($service:path { $($name:ident($request:ty) -> $answer:ty $(= $does:expr)?;)* }) => {
        impl $service for Fake {
            $(fn $name<'this, 'call>(
                &'this self,
                _request: Request<$request>,
            ) -> Pin<Box<dyn Future<Output = Result<Response<$answer>, Status>> + Send + 'call>>
            where
                'this: 'call,
                Self: 'call,
            {
                let _done: Result<$answer, Status> = Err(Status::unimplemented(stringify!($name)));
                $(
                    let does: fn(&mut State, $request) -> Result<$answer, Status> = $does;
                    let _done = does(&mut self.state(), _request.into_inner());
                )?
                Box::pin(async move { _done.map(Response::new) })
            })*
        }
    };
}

service!(qdrant_server::Qdrant {
    health_check(HealthCheckRequest) -> HealthCheckReply = |_, _| {
        Ok(HealthCheckReply { title: "stand-in".into(), version: "1.19.0".into(), commit: None })
    };
});

service!(collections_server::Collections {
    get(GetCollectionInfoRequest) -> GetCollectionInfoResponse = |state, request| {
        let result = Some(state.of(&request.collection_name)?.info());
        Ok(GetCollectionInfoResponse { result, time: 0.0 })
    };
    list(ListCollectionsRequest) -> ListCollectionsResponse = |state, _| {
        let names = state.collections.keys().cloned();
        let collections = names.map(|name| CollectionDescription { name }).collect();
        Ok(ListCollectionsResponse { collections, time: 0.0 })
    };
    create(CreateCollection) -> CollectionOperationResponse = |state, made| {
        let name = made.collection_name.clone();
        if state.collections.contains_key(&name) {
            return Err(Status::already_exists(name));
        }
        state.collections.insert(name, Collection { made, ..Collection::default() });
        Ok(done())
    };
    update(UpdateCollection) -> CollectionOperationResponse;
    delete(DeleteCollection) -> CollectionOperationResponse = |state, request| {
        state.collections.remove(&request.collection_name);
        state.aliases.retain(|_, name| *name != request.collection_name);
        Ok(done())
    };
    update_aliases(ChangeAliases) -> CollectionOperationResponse = |state, request| {
        for action in request.actions {
            let Some(alias_operations::Action::CreateAlias(alias)) = action.action else {
                return Err(Status::unimplemented("another change of aliases"));
            };
            state.aliases.insert(alias.alias_name, alias.collection_name);
        }
        Ok(done())
    };
    list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
    list_aliases(ListAliasesRequest) -> ListAliasesResponse = |state, _| {
        let alias = |(alias, name): (&String, &String)| AliasDescription {
            alias_name: alias.clone(),
            collection_name: name.clone(),
        };
        Ok(ListAliasesResponse { aliases: state.aliases.iter().map(alias).collect(), time: 0.0 })
    };
    collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
    collection_exists(CollectionExistsRequest) -> CollectionExistsResponse;
    update_collection_cluster_setup(UpdateCollectionClusterSetupRequest)
        -> UpdateCollectionClusterSetupResponse;
    create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
    delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
    list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
});

service!(points_server::Points {
    upsert(UpsertPoints) -> PointsOperationResponse = |state, request| {
        let mode = request.update_mode();
        let filter = request.update_filter;
        state.of(&request.collection_name)?.upsert(request.points, filter.as_ref(), mode)?;
        Ok(written())
    };
    delete(DeletePoints) -> PointsOperationResponse = |state, request| {
        state.of(&request.collection_name)?.delete(request.points.as_ref())?;
        Ok(written())
    };
    get(GetPoints) -> GetResponse = |state, request| {
        let collection = state.of(&request.collection_name)?;
        let mut result = Vec::new();
        for id in &request.ids {
            let id = Id::read(Some(id))?;
            let found = collection.points.get(&id);
            result.extend(found.map(|point| shown(&id, point, request.with_payload.as_ref())));
        }
        Ok(GetResponse { result, ..GetResponse::default() })
    };
    update_vectors(UpdatePointVectors) -> PointsOperationResponse;
    delete_vectors(DeletePointVectors) -> PointsOperationResponse;
    set_payload(SetPayloadPoints) -> PointsOperationResponse = |state, request| {
        let collection = state.of(&request.collection_name)?;
        collection.set_payload(&request.payload, request.points_selector.as_ref())?;
        Ok(written())
    };
    overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
    delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
    clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
    create_field_index(CreateFieldIndexCollection) -> PointsOperationResponse = |state, request| {
        let collection = state.of(&request.collection_name)?;
        collection.indexes.insert(request.field_name, PayloadSchemaInfo::default());
        Ok(written())
    };
    delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
    create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
    delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
    search(SearchPoints) -> SearchResponse;
    search_batch(SearchBatchPoints) -> SearchBatchResponse;
    search_groups(SearchPointGroups) -> SearchGroupsResponse;
    scroll(ScrollPoints) -> ScrollResponse = |state, request| {
        state.of(&request.collection_name)?.scroll(&request)
    };
    recommend(RecommendPoints) -> RecommendResponse;
    recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
    recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
    discover(DiscoverPoints) -> DiscoverResponse;
    discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
    count(CountPoints) -> CountResponse = |state, request| {
        let collection = state.of(&request.collection_name)?;
        let count = collection.passing(request.filter.as_ref())?.len() as u64;
        Ok(CountResponse { result: Some(CountResult { count }), ..CountResponse::default() })
    };
    update_batch(UpdateBatchPoints) -> UpdateBatchResponse = |state, request| {
        let collection = state.of(&request.collection_name)?;
        let mut result = Vec::new();
        for operation in request.operations {
            change(collection, operation)?;
            result.push(completed());
        }
        Ok(UpdateBatchResponse { result, ..UpdateBatchResponse::default() })
    };
    query(QueryPoints) -> QueryResponse = |state, request| {
        let result = state.of(&request.collection_name)?.query(&request)?;
        Ok(QueryResponse { result, ..QueryResponse::default() })
    };
    query_batch(QueryBatchPoints) -> QueryBatchResponse;
    query_groups(QueryPointGroups) -> QueryGroupsResponse;
    facet(FacetCounts) -> FacetResponse;
    search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
    search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
});

fn change(collection: &mut Collection, operation: PointsUpdateOperation) -> Result<(), Status> {
    use points_update_operation::Operation;
    match operation.operation {
        Some(Operation::SetPayload(set)) => {
            collection.set_payload(&set.payload, set.points_selector.as_ref())
        }
        Some(Operation::UpdateVectors(update)) => {
            collection.update_vectors(update.points, update.update_filter.as_ref())
        }
        _ => Err(Status::unimplemented("another operation")),
    }
}

fn completed() -> UpdateResult {
    UpdateResult { operation_id: Some(0), status: UpdateStatus::Completed.into() }
}

fn written() -> PointsOperationResponse {
    PointsOperationResponse { result: Some(completed()), ..PointsOperationResponse::default() }
}

fn done() -> CollectionOperationResponse {
    CollectionOperationResponse { result: true, time: 0.0 }
}
