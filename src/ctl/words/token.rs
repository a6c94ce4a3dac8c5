//! The state of the access token in Korean.

use crate::wire::types::TokenState;

pub(super) fn token_state(state: TokenState) -> &'static str {
    match state {
        TokenState::Valid => "유효",
        TokenState::Renewing => "갱신 중: KIS에 요청하고 있음",
        TokenState::Waiting => "대기 중: KIS에 다시 요청할 수 있는 시각을 기다림",
        TokenState::Rejected => "거부됨: KIS가 앱키나 시크릿을 받아들이지 않음",
        TokenState::Missing => "없음",
        TokenState::Unknown => "이 kisctl이 모르는 상태",
    }
}
